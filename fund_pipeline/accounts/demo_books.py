"""The demo's books: an opening balance, two clients who own the fund, and its NAV while the day runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.clients.entry import parse_client, parse_request
from fund_pipeline.accounts.clients.holdings import Held, held_by, returns_of_client
from fund_pipeline.accounts.clients.requests import ask
from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import list_flows, record
from fund_pipeline.accounts.nav.closes import FundDay
from fund_pipeline.accounts.nav.equity import consolidated
from fund_pipeline.accounts.nav.strikes import strike_days
from fund_pipeline.accounts.payouts.closing import running_month
from fund_pipeline.accounts.payouts.months import month_of
from fund_pipeline.accounts.payouts.rates import rates_of_days
from fund_pipeline.accounts.payouts.terms import set_terms
from fund_pipeline.accounts.performance import Basis, Returns
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.client_model import Client
from fund_pipeline.ledger.clients import insert_client, list_clients
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.nav_model import Nav
from fund_pipeline.ledger.navs import newest_nav
from fund_pipeline.ledger.payout_model import Payout
from fund_pipeline.ledger.payouts import list_terms
from fund_pipeline.ledger.senders import list_senders
from fund_pipeline.ledger.snapshots import latest

DEMO_CLIENTS: Mapping[str, tuple[str, Decimal]] = {
    "demo-client-1": ("The demo's first client", Decimal("0.6")),
    "demo-client-2": ("The demo's second client", Decimal("0.4")),
}
"""Names, and the share of the opening balance that each brought."""

MODE = TradingMode.PAPER
SENDERS_SHARE = Decimal("0.1")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class ClientFigures:
    """A demo client: what is held after the newest NAV, and both returns since inception, net of fees."""

    client: Client
    held: Held
    returns: Returns


@dataclass(frozen=True)
class DemoBooks:
    """The demo fund's newest NAV, its clients, and what its senders are due of the month that runs."""

    nav: Nav
    clients: tuple[ClientFigures, ...]
    senders: tuple[Payout, ...]


def begin_books(ledger: Ledger, fund_id: str, fund_day: FundDay, act: Act) -> None:
    """Record what the demo's accounts were worth when a snapshot was last taken as their opening balances, and who
    brought it. Where there are flows already, nothing is done: the books have begun.

    InvariantError without a snapshot of an account: take one first.
    """
    if list_flows(ledger, fund_id=fund_id):
        return
    total = Decimal(0)
    for account in list_accounts(ledger, fund_id):
        word = latest(ledger, account.account_id)
        if word is None:
            raise InvariantError(
                f"the demo's account {account.account_id} has no snapshot", remedy="take one before its books begin"
            )
        opening = NewFlow(
            account.account_id, AskedKind.OPENING, word.equity, word.currency, word.as_of, "opening balance"
        )
        record(ledger, opening, fund_day.zone, act)
        total += word.equity
    day = fund_day.running(act.at)
    for client_id, (name, share) in DEMO_CLIENTS.items():
        given = {"client_id": client_id, "fund_id": fund_id, "mode": MODE, "name": name, "valid_from": day}
        insert_client(ledger, *parse_client(given, act), act)
        amount = (total * share).quantize(_CENT, ROUND_DOWN)
        asked = {"client_id": client_id, "kind": "SUBSCRIPTION", "day": day, "amount": amount}
        ask(ledger, parse_request(asked | {"reference": "founding subscription"}, act), act)


def strike_books(ledger: Ledger, fund_id: str, fund_day: FundDay, act: Act) -> DemoBooks:
    """Strike the NAV of the day that runs, from the newest snapshots: provisional, until the day has closed.

    With the demo's senders a tenth of what they realise is agreed, from the month in which the demo is first run.
    """
    strike_days(ledger, fund_id, MODE, [fund_day.running(act.at)], fund_day, consolidated(ledger, fund_id, MODE), act)
    nav = newest_nav(ledger, fund_id, MODE)
    if nav is None:
        raise InvariantError(f"fund {fund_id} has no NAV after striking it", remedy="look at `fund flows list`")
    found = []
    for client in list_clients(ledger, fund_id=fund_id, mode=MODE):
        returns = returns_of_client(ledger, client, Basis.NET)
        if returns is not None:
            found.append(ClientFigures(client, held_by(ledger, client), returns))
    return DemoBooks(nav, tuple(found), _due(ledger, fund_id, fund_day.zone, act))


def _due(ledger: Ledger, fund_id: str, zone: ZoneInfo, act: Act) -> tuple[Payout, ...]:
    month = month_of(act.at, zone)
    for sender in list_senders(ledger):
        if not list_terms(ledger, sender.sender_id):
            set_terms(ledger, sender.sender_id, month, SENDERS_SHARE, "USD", act, note="the demo's own")
    return running_month(ledger, fund_id, zone, rates_of_days(ledger, zone), act)
