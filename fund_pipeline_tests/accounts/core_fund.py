"""A fund of eleven days, small enough to reckon in the head, told to the ledger the way the product does.

It starts with 1000: 5 KO at 100, 2 SPY at 150, cash 200. Five days without a trade earn 10 %, -4 % and 1 % on these.
Then five days with 200 more from the second on (at work 4/5), all KO sold on the third (at work 3/5), and a coin bought
on the fourth (at work 2/5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from fund_pipeline.accounts.clients.entry import parse_client, parse_request
from fund_pipeline.accounts.clients.requests import ask
from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import record
from fund_pipeline.accounts.nav.equity import consolidated
from fund_pipeline.accounts.nav.strikes import strike_days
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Mark
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.clients import insert_client
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.terms import AssetClass, OrderRole, Side
from fund_pipeline_tests.accounts.golden.told import FUND_DAY, PAPER, ZONE, at
from fund_pipeline_tests.accounts.payouts.fills import Desk
from fund_pipeline_tests.samples import FUND, account, snapshot, strategy

START, LAST = date(2025, 1, 5), date(2025, 1, 15)
KO, SPY, BTC = "STOCK:KO", "ETF:SPY", "CRYPTO:BTC"
Flow = tuple[str, AskedKind, str]
Deal = tuple[str, str, str, Side, int, str]
Close = tuple[str, dict[str, tuple[int, str]]]
"""Equity, and by instrument what is held and its price."""

FLOWS: tuple[Flow, ...] = (
    ("2025-01-05T08:00", AskedKind.DEPOSIT, "1000"),
    ("2025-01-08T10:00", AskedKind.INTEREST, "2"),
    ("2025-01-12T10:00", AskedKind.DEPOSIT, "200"),
    ("2025-01-14T10:00", AskedKind.FEE, "4.62"),
)
TRADES: tuple[Deal, ...] = (
    ("2025-01-05T11:00", "core", KO, Side.BUY, 5, "100"),
    ("2025-01-05T11:00", "core", SPY, Side.BUY, 2, "150"),
    ("2025-01-13T11:00", "core", KO, Side.SELL, 5, "116.6"),
    ("2025-01-14T11:00", "coin", BTC, Side.BUY, 1, "300"),
)
CLOSES: dict[date, Close] = {
    START: ("1000", {KO: (5, "100"), SPY: (2, "150")}),
    date(2025, 1, 8): ("1002", {KO: (5, "100"), SPY: (2, "150")}),
    date(2025, 1, 10): ("1040", {KO: (5, "110"), SPY: (2, "144")}),
    date(2025, 1, 12): ("1240", {KO: (5, "110"), SPY: (2, "144")}),
    date(2025, 1, 13): ("1273", {SPY: (2, "144")}),
    LAST: ("1281.58", {SPY: (2, "147.6"), BTC: (1, "306")}),
}


def tell_core_fund(
    ledger: Ledger,
    flows: Sequence[Flow] = FLOWS,
    trades: Sequence[Deal] = TRADES,
    closes: Mapping[date, Close] = CLOSES,
) -> None:
    """All of it, or another story of these days, with the NAV of every day."""
    act = Act("test", at("2025-01-05T07:00"), "core")
    put_fund(ledger, FUND, act)
    insert_account(ledger, account("main", asset_classes=tuple(sorted(AssetClass))), act)
    for name in ("core", "coin"):
        put_strategy(ledger, strategy(name), act)
    client = {"client_id": "ada", "fund_id": "demo", "mode": "PAPER", "name": "Ada", "valid_from": START}
    insert_client(ledger, *parse_client(client, act), act)
    for when, kind, amount in flows:
        flow, doing = NewFlow("main", kind, Decimal(amount), "USD", at(when), when), Act("test", at(when), when)
        record(ledger, flow, ZONE, doing)
        if kind is AskedKind.DEPOSIT:
            asked = {"client_id": "ada", "kind": "SUBSCRIPTION", "day": when[:10], "amount": amount, "reference": when}
            ask(ledger, parse_request(asked, doing), doing)
    _trade(Desk(ledger), trades)
    for day, (equity, held) in closes.items():
        _close(ledger, day, equity, held)
    days = [START + timedelta(days=number) for number in range((LAST - START).days + 1)]
    struck = Act("test", at("2025-01-16T12:00"), "core")
    strike_days(ledger, "demo", PAPER, days, FUND_DAY, consolidated(ledger, "demo", PAPER), struck)


def _trade(desk: Desk, trades: Sequence[Deal]) -> None:
    for number, (when, name, key, side, quantity, price) in enumerate(trades):
        signal, role = f"signal-{number}", OrderRole.ENTRY if side is Side.BUY else OrderRole.EXIT
        desk.signal(signal, "tess", name, at(when))
        terms = {"asset_class": AssetClass(key.partition(":")[0]), "instrument_key": key, "side": side}
        order = desk.order(signal, "main", role, at(when), quantity=quantity, strategy=name, **terms)
        desk.fill(order, "main", side, str(quantity), price, at(when), instrument_key=key)


def _close(ledger: Ledger, day: date, equity: str, held: dict[str, tuple[int, str]]) -> None:
    when = at(datetime.combine(day, time(16)).isoformat())
    record_snapshot(
        ledger,
        snapshot(
            "main",
            equity,
            as_of=when,
            received_at=when,
            positions={key: Decimal(quantity) for key, (quantity, _) in held.items()},
            marks={key: Mark(Decimal(0), Decimal(price), Decimal(1), "USD") for key, (_, price) in held.items()},
        ),
    )
