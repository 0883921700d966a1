"""What brokers said of accounts, and what a day's loss is measured against."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from fund_pipeline.accounts.snapshots import (
    age_of,
    day_start,
    day_start_snapshot,
    equity_at,
    latest,
    record_snapshot,
)
from fund_pipeline.errors import InputError, NotFoundError
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.account_model import Mark
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline_tests.samples import ACT, FUND, NOW, account, snapshot

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def desk(ledger: Ledger) -> Ledger:
    """A ledger with the account `demo-paper` and no word on it."""
    put_fund(ledger, FUND, ACT)
    insert_account(ledger, account(), ACT)
    return ledger


def said(desk: Ledger, equity: str, as_of: datetime) -> None:
    record_snapshot(desk, snapshot(equity=equity, as_of=as_of, received_at=as_of))


def test_the_newest_word_is_the_one_of_the_latest_moment_however_late_others_arrive(desk: Ledger) -> None:
    assert latest(desk, "demo-paper") is None
    held = {"STOCK:1": Decimal("-1.50"), "CRYPTO:1": Decimal("0.00000001")}
    newest = record_snapshot(desk, snapshot(margin_used=Decimal("1.25"), positions=held))
    record_snapshot(desk, snapshot(as_of=NOW - timedelta(hours=1), received_at=NOW + timedelta(hours=1), equity="5"))
    found = latest(desk, "demo-paper")
    assert found == newest
    assert found.available == Decimal("999998.75")
    assert age_of(found, NOW) == timedelta(seconds=1)
    assert age_of(found, NOW - timedelta(minutes=1)) == timedelta(0)


def test_the_same_word_twice_is_one_row_and_another_word_is_another(desk: Ledger) -> None:
    first = record_snapshot(desk, snapshot(equity="100"))
    again = record_snapshot(desk, snapshot(equity="100.00", received_at=NOW + timedelta(hours=1)))
    other = record_snapshot(desk, snapshot(equity="100", positions={"STOCK:1": Decimal(1)}))
    assert first.snapshot_id == again.snapshot_id != other.snapshot_id
    with desk.reading() as connection:
        assert len(connection.execute(tables.account_snapshots.select()).all()) == 2


def test_a_word_of_the_future_in_another_currency_or_on_no_account_is_refused(desk: Ledger) -> None:
    record_snapshot(desk, snapshot(as_of=NOW + timedelta(seconds=60)))
    with pytest.raises(InputError, match="after it arrived"):
        record_snapshot(desk, snapshot(as_of=NOW + timedelta(seconds=61)))
    with pytest.raises(InputError, match="is in EUR, the account in USD"):
        record_snapshot(desk, snapshot(currency="EUR"))
    with pytest.raises(NotFoundError, match="no account 'nowhere'"):
        record_snapshot(desk, snapshot("nowhere"))


@pytest.mark.parametrize("odd", ["STOCK:A\0", "STOCK:\ud800"], ids=["NUL", "half a character"])
def test_a_name_that_no_database_can_hold_is_refused_and_shown(desk: Ledger, odd: str) -> None:
    with pytest.raises(InputError, match="the broker told of 'STOCK:") as refused:
        record_snapshot(desk, snapshot(positions={odd: Decimal(1)}))
    assert repr(odd) in refused.value.message
    with pytest.raises(InputError, match="the broker told of"):
        record_snapshot(desk, snapshot(marks={odd: Mark(Decimal(1), None, None, None)}))


def test_what_was_said_cannot_be_changed_or_removed(desk: Ledger) -> None:
    record_snapshot(desk, snapshot())
    for change in (update(tables.account_snapshots).values(equity=Decimal(9)), delete(tables.account_snapshots)):
        with pytest.raises(DBAPIError, match="append-only"), desk.writing() as connection:
            connection.execute(change)


def test_equity_at_a_moment_is_the_last_word_up_to_it(desk: Ledger) -> None:
    said(desk, "1", NOW)
    said(desk, "2", NOW + timedelta(hours=1))
    moments = (NOW - timedelta(seconds=1), NOW, NOW + timedelta(minutes=59), NOW + timedelta(hours=1))
    found = [equity_at(desk, "demo-paper", moment) for moment in moments]
    assert [None if one is None else one.equity for one in found] == [None, 1, 1, 2]


@pytest.mark.parametrize(
    ("now", "zone", "begins"),
    [
        (
            "2026-03-09T03:59:59",
            "America/New_York",
            "2026-03-08T05:00:00",
        ),  # the day the clocks go forward has 23 hours
        ("2026-03-09T04:00:00", "America/New_York", "2026-03-09T04:00:00"),
        ("2026-11-01T05:30:00", "America/New_York", "2026-11-01T04:00:00"),  # and this one 25
        ("2026-11-02T04:59:59", "America/New_York", "2026-11-01T04:00:00"),
        ("2026-03-29T12:00:00", "Asia/Beirut", "2026-03-28T22:00:00"),  # midnight is skipped: the day begins at one
        ("2026-03-02T05:00:00", "UTC", "2026-03-02T00:00:00"),
    ],
)
def test_the_day_begins_at_midnight_in_the_funds_time_zone(now: str, zone: str, begins: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert day_start(moment, ZoneInfo(zone)) == datetime.fromisoformat(begins).replace(tzinfo=UTC)


def test_a_days_loss_is_measured_against_the_last_word_before_it_or_else_its_first(desk: Ledger) -> None:
    midnight = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
    now = midnight + timedelta(hours=10)
    assert day_start_snapshot(desk, "demo-paper", now, NEW_YORK) is None
    for hours, equity in ((5, "30"), (3, "20")):
        said(desk, equity, midnight + timedelta(hours=hours))
    first = day_start_snapshot(desk, "demo-paper", now, NEW_YORK)
    said(desk, "10", midnight - timedelta(hours=8))
    before = day_start_snapshot(desk, "demo-paper", now, NEW_YORK)
    assert [one.equity for one in (first, before) if one is not None] == [20, 10]
