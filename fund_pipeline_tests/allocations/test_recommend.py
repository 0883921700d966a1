"""Recommendations posed and recorded on small made-up returns, on SQLite and PostgreSQL."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from fund_pipeline.accounts.limits import FundLimits
from fund_pipeline.allocations import service
from fund_pipeline.allocations.eligibility import Eligibility, Exclusion, ExclusionReason
from fund_pipeline.allocations.recommend import Recommendation, recommend
from fund_pipeline.allocations.verify import breaches
from fund_pipeline.errors import FundError, InputError, InvariantError, TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import list_allocations
from fund_pipeline.ledger.approvals import put_in_force
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline_tests.allocations.made_up import NAMES, backtests
from fund_pipeline_tests.samples import ACT, FUND, approval_of, strategy


@pytest.fixture
def registry(ledger: Ledger) -> Ledger:
    put_fund(ledger, FUND, ACT)
    for name in NAMES:
        put_strategy(ledger, strategy(name), ACT)
    return ledger


def optimise(ledger: Ledger, limits: dict[str, Any] | None = None, **more: Any) -> Recommendation:
    fund = replace(FUND, risk_limits=limits or {})
    put_fund(ledger, fund, ACT)
    eligibility = more.pop("eligibility", Eligibility(NAMES, ()))
    return recommend(ledger, fund, more.pop("backtests", backtests()), eligibility, ACT)


def test_the_record_says_what_went_in_and_what_came_out(registry: Ledger) -> None:
    out = Exclusion("Z", ExclusionReason.NOT_ACTIVE, "its status is TESTING")
    made = optimise(registry, eligibility=Eligibility(NAMES, (out,)))
    assert made.allocation is not None
    inputs, result = made.run.inputs, made.run.result
    assert inputs["window"] == {"first_date": "2020-02-20", "last_date": "2021-08-22", "days": 550}
    assert inputs["excluded"] == [{"strategy_id": "Z", "reason": "NOT_ACTIVE", "in_words": "its status is TESTING"}]
    assert inputs["limits"]["cvar_limit"] == 0.01
    assert result["certificate"]["relative_gap"] <= 1e-8
    assert result["certificate"]["binding"]
    assert result["metrics"]["cvar"] <= 0.01
    contributions = sum(line["cvar_contribution"] for line in result["strategies"])
    np.testing.assert_allclose(contributions, result["metrics"]["cvar"], rtol=1e-9)
    returns = [point["expected_return_annual"] for point in result["frontier"]]
    assert returns == sorted(returns)


def test_the_same_inputs_give_back_the_first_record(registry: Ledger) -> None:
    first = optimise(registry)
    second = optimise(registry)
    assert (first.new, second.new) == (True, False)
    assert second.run == first.run
    assert second.allocation == first.allocation


@pytest.mark.parametrize(
    "change",
    [
        {"limits": {"cvar_limit": 0.009}},
        {"limits": {"max_leverage": 1.9}},
        {"backtests": backtests(A="another content")},
        {"eligibility": Eligibility(("A", "B"), ())},
    ],
    ids=["limit", "leverage", "content", "strategies"],
)
def test_any_change_of_what_goes_in_is_another_recommendation(registry: Ledger, change: dict[str, Any]) -> None:
    before = optimise(registry)
    after = optimise(registry, **change)
    assert after.new
    assert after.run.inputs_digest != before.run.inputs_digest


def test_the_weights_that_are_stored_break_no_limit_when_measured_anew(registry: Ledger) -> None:
    limits = {"max_turnover": 0.6, "cluster_cap": 0.5, "cluster_correlation": 0.01, "margin_cap": 0.3}
    made = optimise(registry, limits)
    (stored,) = list_allocations(registry)
    assert breaches(stored, made.run, FundLimits(**limits), backtests().matrix) == ()
    tighter = FundLimits(**limits | {"cluster_cap": 0.01})
    assert [one.limit for one in breaches(stored, made.run, tighter, backtests().matrix)] == ["cluster of B, C"]
    assert sum(stored.weights.values()) <= Decimal("0.6")


def test_every_limit_that_is_broken_is_named_with_its_figures(registry: Ledger) -> None:
    made = optimise(registry, {"max_turnover": 0.5})
    assert made.allocation is not None
    spoiled = replace(made.allocation, weights={"A": Decimal(3), "B": Decimal("-0.1")})
    limits = FundLimits(max_turnover=0.5)
    broken = {one.limit: one for one in breaches(spoiled, made.run, limits, backtests().matrix)}
    assert set(broken) == {
        *("no short weights", "max_weight", "max_leverage", "margin_cap", "cvar_limit", "max_turnover"),
    }
    assert (broken["max_weight"].allowed, broken["max_weight"].measured) == (0.5, 3.0)


def test_weights_of_a_strategy_without_returns_are_a_broken_rule(registry: Ledger) -> None:
    made = optimise(registry)
    assert made.allocation is not None
    spoiled = replace(made.allocation, weights={"GHOST": Decimal("0.1")})
    with pytest.raises(InvariantError, match="GHOST"):
        breaches(spoiled, made.run, FundLimits(), backtests().matrix)


def test_no_strategy_at_all_is_recorded_and_recommends_nothing(registry: Ledger) -> None:
    made = optimise(registry, eligibility=Eligibility((), ()))
    assert made.allocation is None
    assert (made.run.status, made.run.result["conflicts"]) == ("INFEASIBLE", ["no strategy takes part"])
    again = optimise(registry, eligibility=Eligibility((), ()))
    assert (again.new, again.allocation) == (False, None)
    assert list_allocations(registry) == ()


def test_strategies_that_only_lose_are_answered_with_cash(registry: Ledger) -> None:
    losing = backtests()
    bad = replace(losing, matrix=replace(losing.matrix, values=-np.abs(losing.matrix.values)))
    made = optimise(registry, backtests=bad)
    assert made.allocation is not None
    assert made.allocation.weights == {}
    assert made.run.result["metrics"]["cvar"] == 0
    assert made.run.result["metrics"]["sharpe"] is None


def test_limits_that_come_back_are_recommended_for_again(registry: Ledger) -> None:
    first = optimise(registry)
    optimise(registry, {"cvar_limit": 0.008})
    back = optimise(registry)
    assert back.run == first.run
    assert first.allocation is not None
    assert back.allocation is not None
    assert back.allocation.allocation_id == f"{first.allocation.allocation_id}-2"
    pending = list_allocations(registry, status=AllocationStatus.PENDING_APPROVAL)
    assert [one.allocation_id for one in pending] == [back.allocation.allocation_id]
    assert not optimise(registry).new


def test_inputs_without_an_answer_leave_nothing_pending_also_the_second_time(registry: Ledger) -> None:
    for _ in range(2):
        optimise(registry)
        assert optimise(registry, eligibility=Eligibility((), ())).allocation is None
        assert list_allocations(registry, status=AllocationStatus.PENDING_APPROVAL) == ()


def test_selling_what_no_longer_takes_part_is_turnover(registry: Ledger) -> None:
    activate(registry, optimise(registry, {"max_turnover": 0.6}))
    held = list_allocations(registry, status=AllocationStatus.ACTIVE)[0].weights
    gone = max(held, key=lambda name: held[name])
    rest = Eligibility(tuple(name for name in NAMES if name != gone), ())
    stuck = optimise(registry, {"max_turnover": 0.01}, eligibility=rest)
    assert stuck.run.status == "INFEASIBLE"
    assert "selling what no longer takes part" in stuck.run.result["conflicts"][0]
    sold = optimise(registry, {"max_turnover": float(held[gone]) + 0.05}, eligibility=rest)
    assert sold.allocation is not None
    lines = {line["strategy_id"]: line for line in sold.run.result["strategies"]}
    assert (lines[gone]["weight"], lines[gone]["current_weight"]) == (0.0, float(held[gone]))
    assert (
        breaches(sold.allocation, sold.run, FundLimits(max_turnover=float(held[gone]) + 0.05), backtests().matrix) == ()
    )
    np.testing.assert_allclose(sold.run.result["current"]["leverage"], float(sum(held.values())))


def test_a_ledger_that_is_away_withdraws_nothing_while_any_other_error_does(
    registry: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    optimise(registry, {"approval": {"max_data_age_days": None}})
    for error, left in ((TemporaryError("away"), 1), (InputError("wrong"), 0)):

        def fail(*_: object, error: FundError = error) -> None:
            raise error

        monkeypatch.setattr(service, "recommend", fail)
        with suppress(TemporaryError):
            basis = service.Basis(backtests(), Eligibility(NAMES, ()))
            assert service.recommend_for(registry, FUND.fund_id, basis, ACT).problem == "wrong"
        assert len(list_allocations(registry, status=AllocationStatus.PENDING_APPROVAL)) == left


def activate(ledger: Ledger, made: Recommendation) -> None:
    """Make a recommendation the fund's active allocation."""
    assert made.allocation is not None
    put_in_force(ledger, made.allocation, approval_of(made.allocation), ACT)


def test_a_wrong_limit_names_the_fund_and_the_field(registry: Ledger) -> None:
    with pytest.raises(InputError, match=r"fund demo: risk limit beta is 2"):
        optimise(registry, {"beta": 2})
