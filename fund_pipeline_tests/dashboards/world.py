"""A small fund that has traded for two days, beside another one that has not: what the tests of the marts look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import record
from fund_pipeline.accounts.snapshots import day_start
from fund_pipeline.ledger.account_model import Severity, Trouble
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.backtests import put_summaries
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline_tests.books import add_client
from fund_pipeline_tests.decisions.floor import ACT, STRATEGY, Floor, found, leg, signal
from fund_pipeline_tests.samples import FUND, account, snapshot, summary

HOSTILE = "<script>alert(1)</script>"
SECOND = "second"
EARNED = Decimal("1234.560000000001")
BROUGHT = Decimal(50_000)


def zone_where_it_is_noon(now: datetime) -> str:
    """A time zone in which a day began hours ago and ends hours from now, whenever the tests run."""
    east = 12 - now.astimezone(UTC).hour
    return "Etc/GMT" if east == 0 else f"Etc/GMT{-east:+d}"  # these names count westwards


def trade(url: str, home: Path, now: datetime, zone: ZoneInfo) -> None:
    """Fill an empty ledger: an entry, an exit, what was refused, what could not be read, and money that came in."""
    floor = Floor(url, home)
    try:
        found(floor.ledger)
        put_fund(floor.ledger, replace(FUND, fund_id=SECOND, name=HOSTILE), ACT)
        insert_account(floor.ledger, account("other-paper", fund_id=SECOND), ACT)
        put_summaries(
            floor.ledger,
            [summary(STRATEGY, statistics={"annual_return": 0.1825, "sharpe": 1.25, "max_drawdown": -0.21})],
            ACT,
        )
        floor.now = now - timedelta(hours=3)
        floor.connect()
        floor.price(AAPL="150", AMD="60")
        entry = floor.send(_signal(floor, "ENTRY", leg("BUY", 10)))
        floor.send(_signal(floor, "ENTRY", leg("SELL", 20, "AMD", direction="SHORT")))
        floor.work_off()
        floor.price(AAPL="160")
        floor.send(_signal(floor, "EXIT", leg("SELL", 4), entry_signal_id=entry))
        floor.send(_signal(floor, "EXIT", leg("SELL", 4, "KO")))
        floor.send(_signal(floor, "ENTRY", leg("BUY", 1, HOSTILE)))
        floor.work_off()
        _money(floor, now, zone)
        add_client(floor.ledger, "cleo")
        differs = Trouble(Severity.WARNING, "BREAK_POSITION", "break", "brk-1", "they have 5", "look", SECOND)
        raise_alert(floor.ledger, differs, now)
    finally:
        floor.close()


def _signal(floor: Floor, kind: str, *legs: dict[str, object], **fields: object) -> dict[str, object]:
    return signal(kind, *legs, at=floor.now, account_equity=400_000, **fields)


def _money(floor: Floor, now: datetime, zone: ZoneInfo) -> None:
    """Equity at the end of yesterday and now: what came in between was earned in part, and brought in part."""
    began = day_start(now, zone)
    at = Act("test", now, "corr-1")
    for name, equity in (("demo-paper", "1000000"), ("other-paper", "70000")):
        _heard(floor, name, began - timedelta(minutes=5), Decimal(equity))
    opening = NewFlow("demo-paper", AskedKind.OPENING, Decimal(1_000_000), "USD", began - timedelta(days=1), "open")
    record(floor.ledger, opening, zone, at)
    brought = NewFlow("demo-paper", AskedKind.DEPOSIT, BROUGHT, "USD", now - timedelta(minutes=30), "wire-1")
    record(floor.ledger, brought, zone, at)
    _heard(floor, "demo-paper", now - timedelta(minutes=1), 1_000_000 + EARNED + BROUGHT, margin=Decimal(105_000))
    _heard(floor, "other-paper", now - timedelta(minutes=1), Decimal(69_000))


def _heard(floor: Floor, name: str, at: datetime, equity: Decimal, margin: Decimal = Decimal(0)) -> None:
    told = snapshot(name, as_of=at, received_at=at + timedelta(seconds=1))
    record_snapshot(floor.ledger, replace(told, equity=equity, cash=equity - margin, margin_used=margin))
