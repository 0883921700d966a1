"""A fund with money and clients in a ledger, and equity that a test makes up where snapshots are no matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.clients.entry import parse_client, parse_request
from fund_pipeline.accounts.clients.requests import ask
from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import record
from fund_pipeline.accounts.nav.closes import FundDay
from fund_pipeline.accounts.nav.equity import Equity, EquityAt
from fund_pipeline.accounts.nav.late import close_month
from fund_pipeline.accounts.nav.strikes import Strikes, strike_days
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.clients import insert_client
from fund_pipeline.ledger.model import TradingMode

PAPER = TradingMode.PAPER
NEW_YORK = ZoneInfo("America/New_York")
FUND_DAY = FundDay(NEW_YORK, time(17))
"""As the settings have it."""


def moment(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def act(text: str) -> Act:
    """Somebody acts at a moment."""
    return Act("test", moment(text))


def put_flow(ledger: Ledger, kind: str, amount: str, at: str, *, known: str = "", account: str = "demo-paper") -> str:
    """A flow in dollars at a moment, recorded then or later; its id."""
    when = act(known or at)
    flow = NewFlow(account, AskedKind(kind), Decimal(amount), "USD", moment(at), f"{kind} {at}")
    return record(ledger, flow, NEW_YORK, when).new[0].flow_id


def add_client(ledger: Ledger, client_id: str, fund_id: str = "demo", **terms: object) -> None:
    """A PAPER client, on the usual terms since 2020."""
    given = {"client_id": client_id, "fund_id": fund_id, "mode": "PAPER", "name": client_id.title()}
    client, first = parse_client(given | {"valid_from": date(2020, 1, 1)} | terms, act("2020-01-01"))
    insert_client(ledger, client, first, act("2020-01-01"))


def request(ledger: Ledger, client_id: str, kind: str, day: str, at: str, **more: object) -> bool:
    """A client asks for something at a moment."""
    given = {"client_id": client_id, "kind": kind, "day": day, "reference": f"{kind} {day}"}
    when = act(at)
    return ask(ledger, parse_request(given | more, when), when)


def equity_by_day(amounts: Mapping[str, str], account_id: str = "demo-paper") -> EquityAt:
    """Equity that is told at 20:00 UTC of these days, and holds until it is told again."""
    told = {moment(f"{day}T20:00"): Decimal(amount) for day, amount in amounts.items()}

    def equity_at(when: datetime) -> Equity | str:
        known = [one for one in told if one <= when]
        return Equity(told[max(known)], {account_id: max(known)}) if known else "its broker has said nothing by then"

    return equity_at


def strike(ledger: Ledger, day: str, equity_at: EquityAt, at: str = "2027-01-01") -> Strikes:
    """Strike a day of fund `demo`."""
    return strike_days(ledger, "demo", PAPER, [date.fromisoformat(day)], FUND_DAY, equity_at, act(at))


def fill_books(ledger: Ledger) -> None:
    """A row in every table of the books: fund `demo` with a client, a closed month, and a flow known too late for it.

    The fund's account holds 1,000,000 since 2026-03-01.
    """
    add_client(ledger, "ada")
    request(ledger, "ada", "SUBSCRIPTION", "2026-03-31", "2026-03-01", amount="1000000")
    equity_at = equity_by_day({"2026-03-31": "1000000", "2026-04-01": "1000000"})
    strike(ledger, "2026-03-31", equity_at, "2026-04-01")
    close_month(ledger, "demo", PAPER, date(2026, 3, 1), act("2026-04-01T12:00"))
    put_flow(ledger, "FEE", "1", "2026-03-30", known="2026-04-01T13:00")
    strike(ledger, "2026-04-01", equity_at, "2026-04-02")
