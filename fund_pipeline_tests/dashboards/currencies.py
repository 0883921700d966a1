"""Funds in dollars over three days, most of them with an account in a currency of which more or less is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import record
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.order_model import Position
from fund_pipeline.ledger.positions import write_position
from fund_pipeline.ledger.rates import CurrencyRate, record_rates
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline_tests.samples import ACT, FUND, account, snapshot

ZONE = "America/New_York"
BOTH, ONE_OLD, NONE, NO_START, NEW_TODAY, PLAIN = "euro", "franc", "pound", "kiwi", "aussie", "plain"
LATE_RATE, WIRED = "late", "wired"
OTHERS = {BOTH: "EUR", ONE_OLD: "CHF", NONE: "GBP", NO_START: "NZD", NEW_TODAY: "AUD"}
DEPOSIT, DEPOSIT_RATE = Decimal(10_000), Decimal("1.115")


def at(day: int, hour: int = 20) -> datetime:
    """An hour of a day of March 2026 in UTC; the second is a Monday."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


NOW = at(4, 19)


def fill(ledger: Ledger) -> None:
    """Each fund has 100,000 in dollars and 50,000 in its other currency, told every day; one of them only today.

    The fund with dollars alone has another account from the second day on, of which no flow says where it came from.
    """
    for name in (*OTHERS, PLAIN):
        put_fund(ledger, replace(FUND, fund_id=name, name=name.title()), ACT)
        insert_account(ledger, account(f"{name}-usd", fund_id=name), ACT)
        for day, equity in ((2, "100000"), (3, "100500"), (4, "100700.12")):
            _heard(ledger, f"{name}-usd", "USD", day, equity)
    for name, currency in OTHERS.items():
        insert_account(ledger, account(f"{name}-other", fund_id=name, currency=currency), ACT)
        for day, equity in ((2, "50000"), (3, "50000"), (4, "50250.5" if name != BOTH else "60250.5")):
            if name != NEW_TODAY:
                _heard(ledger, f"{name}-other", currency, day, equity)
    _heard(ledger, f"{NEW_TODAY}-other", "AUD", 4, "50000", hour=15)
    _heard(ledger, f"{NEW_TODAY}-other", "AUD", 4, "50250.5")
    insert_account(ledger, account(f"{PLAIN}-late", fund_id=PLAIN), ACT)
    for day, equity in ((3, "7000"), (4, "7010")):
        _heard(ledger, f"{PLAIN}-late", "USD", day, equity)
    _late(ledger)
    _rates(ledger)
    _flows(ledger)
    _results(ledger)


def _late(ledger: Ledger) -> None:
    """Two more funds: in one a rate is told a day late, to the other 1000 are wired after it is first heard of."""
    for name, currency in ((LATE_RATE, "SEK"), (WIRED, "USD")):
        put_fund(ledger, replace(FUND, fund_id=name, name=name.title()), ACT)
        insert_account(ledger, account(f"{name}-usd", fund_id=name), ACT)
        insert_account(ledger, account(f"{name}-other", fund_id=name, currency=currency), ACT)
        for day in (2, 3, 4):
            _heard(ledger, f"{name}-usd", "USD", day, "100000")
    for day, equity in ((2, "50000"), (3, "51000"), (4, "52000")):
        _heard(ledger, f"{LATE_RATE}-other", "SEK", day, equity)
    _heard(ledger, f"{WIRED}-other", "USD", 4, "7000", hour=14)
    wired = NewFlow(f"{WIRED}-other", AskedKind.DEPOSIT, Decimal(1000), "USD", at(4, 15), "wire")
    record(ledger, wired, ZoneInfo(ZONE), Act("test", NOW, "corr-1"))
    _heard(ledger, f"{WIRED}-other", "USD", 4, "8000")


def _heard(ledger: Ledger, name: str, currency: str, day: int, equity: str, hour: int = 18) -> None:
    told = snapshot(name, equity, currency=currency, as_of=at(day, hour), received_at=at(day, hour))
    parts = {"cash": told.equity / 2, "margin_used": told.equity / 10, "unrealised_pnl": Decimal("-12.5")}
    record_snapshot(ledger, replace(told, **parts))


def _rates(ledger: Ledger) -> None:
    told = (
        ("EUR", "USD", at(2), "1.08"),
        ("USD", "EUR", at(3), "0.9"),  # the other way round
        ("EUR", "USD", at(4, 18), "1.125"),
        ("CHF", "USD", at(2) - timedelta(days=3), "1.25"),  # not older than four days until Tuesday's evening
        ("NZD", "USD", at(4, 18), "0.6"),
        ("AUD", "USD", at(4, 14), "0.66"),
        ("AUD", "USD", at(4, 17), "0.67"),
        ("SEK", "USD", at(3, 12), "0.1"),
    )
    record_rates(ledger, [CurrencyRate(one, other, t, f"{BOTH}-other", Decimal(x), t) for one, other, t, x in told])


def _flows(ledger: Ledger) -> None:
    act = Act("test", NOW, "corr-1")
    for name, other in OTHERS.items():
        for account_id, currency, amount, rate in (
            (f"{name}-usd", "USD", 100_000, None),
            (f"{name}-other", other, 50_000, Decimal("1.05")),
        ):
            opened = at(4, 14) if account_id == f"{NEW_TODAY}-other" else at(2, 14)
            opening = NewFlow(account_id, AskedKind.OPENING, Decimal(amount), currency, opened, "open", rate=rate)
            record(ledger, opening, ZoneInfo(ZONE), act)
    brought = NewFlow(f"{BOTH}-other", AskedKind.DEPOSIT, DEPOSIT, "EUR", at(4, 15), "wire", rate=DEPOSIT_RATE)
    record(ledger, brought, ZoneInfo(ZONE), act)


def _results(ledger: Ledger) -> None:
    """A strategy that has realised 100 in dollars and 200 in the other currency, 10 of commission in each."""
    with ledger.writing() as connection:
        for name in (BOTH, NONE):
            for key, currency, realised in (("STOCK:KO", "USD", 100), ("STOCK:SAP", OTHERS[name], 200)):
                flat = Position(
                    "trend", f"{name}-usd", key, *[Decimal(0)] * 3, Decimal(realised), Decimal(10), Decimal(1),
                    currency, None, at(3),
                )  # fmt: skip
                write_position(connection, flat)
