"""How long the path takes: the law of its stretches, and what counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.ledger.signal_times import SignalTimes
from fund_pipeline.signals.latency import PathLatency, Stretch, assess_path, stretches_of

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
POINTS = ("read_at", "claimed_at", "decided_at", "submitted_at", "acknowledged_at")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@st.composite
def passed(draw: st.DrawFn) -> SignalTimes:
    """A signal that was acknowledged, having been seen at some of the points before."""
    seconds = sorted(draw(st.lists(st.integers(0, 10**6), min_size=len(POINTS), max_size=len(POINTS))))
    seen = {name for name in POINTS if draw(st.booleans())} | {"acknowledged_at"}
    points = {name: at(value / 1000) for name, value in zip(POINTS, seconds, strict=True) if name in seen}
    return SignalTimes("sig", "S1", SignalState.DECIDED, START, **points)


@given(passed())
def test_the_stretches_up_to_the_acknowledgement_add_up_to_the_total(times: SignalTimes) -> None:
    found = stretches_of(times)
    parts = sum(seconds for stretch, seconds in found.items() if stretch is not Stretch.TOTAL)
    assert parts == pytest.approx(found[Stretch.TOTAL], abs=1e-6)
    assert all(seconds >= 0 for seconds in found.values())


def took(seconds: float, name: str = "sig") -> SignalTimes:
    return SignalTimes(name, "S1", SignalState.DECIDED, START, acknowledged_at=at(seconds))


def assessed(*found: SignalTimes, target: float = 10.0) -> PathLatency:
    return assess_path(found, at(100), target)


def test_percentiles_are_of_the_nearest_rank() -> None:
    total = assessed(*(took(number) for number in range(1, 101))).total
    assert (total.count, total.p50, total.p95, total.p99) == (100, 50.0, 95.0, 99.0)


def test_the_target_is_kept_by_95_of_100_and_missed_by_94() -> None:
    fast, slow = took(1), took(11)
    assert assessed(*[fast] * 95, *[slow] * 5).keeps(10.0)
    assert not assessed(*[fast] * 94, *[slow] * 6).keeps(10.0)


def test_what_is_undecided_for_longer_than_the_target_is_overdue_and_misses_it() -> None:
    waiting = SignalTimes("late", "S1", SignalState.CLAIMED, at(80))
    assert assessed(took(1), waiting).overdue == ("late",)
    assert not assessed(took(1), waiting).keeps(10.0)
    assert assessed(took(1), replace(waiting, received_at=at(95))).keeps(10.0)


def test_what_was_read_again_says_nothing_and_no_signal_misses_nothing() -> None:
    found = assessed(replace(took(50), read_again=True))
    assert (found.signals, found.total.count, found.total.p95) == (0, 0, None)
    assert found.keeps(0.001)
