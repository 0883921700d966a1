"""The deadline that is told is the one at which a decision is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.allocations.approval.deadline import deadline
from fund_pipeline.allocations.approval.expiry import too_old
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import record_recommendation
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import Allocation, OptimisationRun
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline_tests.samples import ACT, FUND, NOW, allocation, run, strategy

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def recorded(ledger: Ledger) -> tuple[Ledger, Allocation, OptimisationRun]:
    """A pending allocation whose newest return is three days old."""
    made = replace(run(), inputs={"window": {"last_date": str(NOW.date() - timedelta(days=3))}})
    put_fund(ledger, FUND, ACT)
    put_strategy(ledger, strategy("A"), ACT)
    pending = allocation(made, A="0.5")
    record_recommendation(ledger, made, pending, ACT)
    return ledger, pending, made


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(hours=st.floats(0.01, 1000), days=st.none() | st.integers(3, 60))
def test_just_before_it_a_decision_is_taken_and_just_after_it_none(
    recorded: tuple[Ledger, Allocation, OptimisationRun], hours: float, days: int | None
) -> None:
    ledger, pending, made = recorded
    policy = ApprovalPolicy(max_age_hours=hours, max_data_age_days=days)
    until = deadline(pending, made, policy)
    assert not too_old(ledger, pending, policy, replace(ACT, at=until - MOMENT))
    assert too_old(ledger, pending, policy, replace(ACT, at=until + MOMENT))


def test_data_are_too_old_from_midnight_utc_on() -> None:
    made = replace(run(), inputs={"window": {"last_date": "2026-02-27"}})
    until = deadline(allocation(made, A="0.5"), made, ApprovalPolicy(max_age_hours=1000, max_data_age_days=10))
    assert (until.date(), until.time().isoformat(), str(until.tzinfo)) == (date(2026, 3, 10), "00:00:00", "UTC")
