"""What stands beside the orders: times, equity, environment, references, and direction, which is only compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fund_pipeline.signals import (
    DirectionMeans,
    Environment,
    NoteCode,
    Side,
)
from fund_pipeline.signals.model import Direction
from fund_pipeline_tests.signals.payloads import (
    NOW,
    SENT,
    SENT_AT,
    SHARES,
    codes,
    order,
    read,
    shares,
    signal,
    v0,
    v1,
)


@pytest.mark.parametrize(
    ("means", "kind", "action", "direction", "differs"),
    [
        (DirectionMeans.POSITION, "ENTRY", "BUY", "LONG", False),
        (DirectionMeans.POSITION, "ENTRY", "BUY", "SHORT", True),
        (DirectionMeans.POSITION, "EXIT", "SELL", "LONG", False),
        (DirectionMeans.POSITION, "EXIT", "SELL", "SHORT", True),
        (DirectionMeans.ORDER, "EXIT", "SELL", "SHORT", False),
        (DirectionMeans.ORDER, "EXIT", "SELL", "LONG", True),
        (DirectionMeans.ACTION, "EXIT", "BUY", "LONG", False),
        (DirectionMeans.ACTION, None, "SELL", "LONG", True),
        (DirectionMeans.POSITION, None, "SELL", "LONG", False),
        (DirectionMeans.UNKNOWN, "ENTRY", "BUY", "SHORT", False),
    ],
)
def test_direction_is_recorded_and_compared_but_never_used(
    means: DirectionMeans, kind: str | None, action: str, direction: str, differs: bool
) -> None:
    found = read(v1(order(action=action, direction=direction), kind=kind), direction_means=means)
    assert found.legs == (shares(side=Side(action), direction=Direction(direction)),)
    assert (NoteCode.DIRECTION_DIFFERS in codes(found)) is differs


@pytest.mark.parametrize(
    ("sent", "noted"),
    [
        (str(SENT), {NoteCode.TIME_FROM_TEXT}),
        ("2025-11-03T14:59:58Z", {NoteCode.TIME_FROM_TEXT}),
        ("2025-11-03T09:59:58-05:00", {NoteCode.TIME_FROM_TEXT}),
        ("2025-11-03T14:59:58", {NoteCode.TIME_FROM_TEXT, NoteCode.TIME_ZONE_ASSUMED}),
        (SENT * 1000, {NoteCode.TIME_SCALED}),
        (SENT * 10**6, {NoteCode.TIME_SCALED}),
        (SENT * 10**9, {NoteCode.TIME_SCALED}),
        (float(SENT), set()),
    ],
)
def test_the_time_of_sending_is_read_in_each_way_it_has_been_seen(sent: object, noted: set[NoteCode]) -> None:
    found = read(v1(order(), signal_sent_EPOCH=sent))
    assert found.sent_at == SENT_AT
    assert codes(found) == noted


def test_a_time_that_is_years_off_is_flagged_and_kept() -> None:
    old = read(v1(order(), kind="EXIT", signal_sent_EPOCH=SENT - 2 * 31_536_000))
    assert codes(old) == {NoteCode.STALE}
    assert old.age_seconds(NOW) > 900
    ahead = read(v1(order(), signal_sent_EPOCH=SENT + 31_536_000))
    assert codes(ahead) == {NoteCode.SENT_AHEAD}
    assert ahead.age_seconds(NOW + timedelta(seconds=30)) == 30
    assert codes(read(v1(order(), signal_sent_EPOCH=0))) == {NoteCode.STALE}


def test_staleness_is_measured_by_the_senders_own_limit() -> None:
    payload = v1(order(), signal_sent_EPOCH=SENT - 60)
    assert codes(read(payload, freshness_seconds=62)) == set()
    assert codes(read(payload, freshness_seconds=61)) == {NoteCode.STALE}


def test_a_timestamp_that_tells_another_time_is_noted() -> None:
    assert codes(read(v1(order(), timestamp="2025-11-03T14:59:00+00:00"))) == set()
    assert codes(read(v1(order(), timestamp="2025-11-03T14:58:00+00:00"))) == {NoteCode.TIMES_DIFFER}
    assert codes(read(v1(order(), timestamp="yesterday"))) == set()


def test_equity_comes_from_the_signal_then_from_the_registry_or_is_unknown() -> None:
    assert read(v1(order(), account_equity="500000.50")).sender_equity == Decimal("500000.50")
    assert read(v1(order(), account_equity=None)).sender_equity is None
    found = read(v1(order(), account_equity=None), equity=Decimal(7))
    assert (found.sender_equity, codes(found)) == (Decimal(7), {NoteCode.EQUITY_DEFAULT})


def test_an_exit_does_not_fail_for_its_equity() -> None:
    for wrong in (0, -5, "much", [1]):
        found = read(v1(order(), kind="EXIT", account_equity=wrong))
        assert (found.sender_equity, codes(found)) == (None, {NoteCode.EQUITY_IGNORED})


def test_an_entry_that_names_another_entry_is_noted() -> None:
    assert codes(read(v1(order(), entry_signal_id="e-0"))) == {NoteCode.REFERENCE_ON_ENTRY}


def test_the_environment_may_stand_at_the_top_in_the_order_or_in_each_leg() -> None:
    production = {"environment": "Production"}
    bare = {key: value for key, value in v1(order(**production)).items() if key != "environment"}
    assert read(bare).environment is Environment.PRODUCTION
    bare = {key: value for key, value in v0(order(**production)).items() if key != "environment"}
    assert read(bare).environment is Environment.PRODUCTION
    assert read(v1(order(), environment="production")).environment is Environment.PRODUCTION


def test_markup_and_statements_in_texts_are_only_text() -> None:
    nasty = "<script>alert(1)</script>'; DROP TABLE signals;--"
    found = read(v1(order(account=nasty), signalID=nasty, comment=nasty))
    assert found == signal(SHARES, sender_signal_id=nasty, inferred=found.inferred)


def test_times_come_back_in_utc() -> None:
    found = read(v1(order(), signal_sent_EPOCH="2025-11-03T09:59:58-05:00"))
    assert found.sent_at.utcoffset() == timedelta(0)
    assert found.sent_at == datetime(2025, 11, 3, 14, 59, 58, tzinfo=UTC)
