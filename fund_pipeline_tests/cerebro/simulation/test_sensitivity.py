"""Moves of limits and means: each is a new optimum, and the shadow prices bound and predict it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.allocation import Cluster, Constraints, SolutionStatus, WeightBounds, solve
from fund_pipeline.cerebro.simulation import Move, Sensitivity, sensitivity
from fund_pipeline.errors import InfeasibleError, InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance
from fund_pipeline_tests.cerebro.simulation.questions import fat_tailed_problem

PROBLEM = replace(
    fat_tailed_problem(strategies=12, cvar_limit=0.006, max_weight=0.3, margin_cap=0.25),
    margins=np.linspace(0.1, 0.6, 12),
)


def by_name(found: Sensitivity) -> dict[str, tuple[Move, Move]]:
    moves = found.limits + found.means
    return {down.name: (down, up) for down, up in zip(moves[::2], moves[1::2], strict=True)}


def test_every_limit_that_is_set_and_every_mean_moves_down_and_up() -> None:
    limits = Constraints(
        cvar_limit=0.01,
        margin_cap=0.3,
        min_weight=0.01,
        max_turnover=1.5,
        clusters=(Cluster("a", ("S0", "S1"), 0.4),),
        bounds=(WeightBounds("S2", 0.02, 0.2), WeightBounds("S3", 0.1, 0.1)),
    )
    found = sensitivity(replace(PROBLEM, constraints=limits))
    assert [move.name for move in found.limits[::2]] == [
        "cvar_limit",
        "max_leverage",
        "max_weight",
        "min_weight",
        "margin_cap",
        "max_turnover",
        "cluster:a",
        "min_weight:S2",
        "max_weight:S2",
        "fixed_weight:S3",
    ]
    assert [move.name for move in found.means[::2]] == [f"S{i}" for i in range(12)]
    for down, up in by_name(found).values():
        assert down.name == up.name
        assert down.after < down.before == up.before < up.after
        assert up.after - up.before == pytest.approx(0.05 * abs(up.before), rel=1e-12)


def test_each_move_is_the_optimum_of_the_moved_problem() -> None:
    found = by_name(sensitivity(PROBLEM, relative=0.1))
    base = solve(PROBLEM)
    for name, factor in (("cvar_limit", 0.9), ("max_leverage", 0.9), ("max_weight", 0.9), ("margin_cap", 0.9)):
        value = getattr(PROBLEM.constraints, name) * factor
        best = solve(replace(PROBLEM, constraints=replace(PROBLEM.constraints, **{name: value})))
        assert found[name][0].objective == pytest.approx(best.expected_return_annual, rel=1e-6)
        change = best.expected_return_annual - base.expected_return_annual
        assert found[name][0].change == pytest.approx(change, abs=1e-6)
    means = PROBLEM.expected_returns.copy()
    means[3] += 0.1 * abs(means[3])
    best = solve(replace(PROBLEM, expected_returns=means))
    assert found["S3"][1].objective == pytest.approx(best.expected_return_annual, rel=1e-6)


def test_shadow_prices_predict_small_moves() -> None:
    found = sensitivity(PROBLEM, relative=1e-4)
    predicted = [move.predicted_change for move in found.limits + found.means]
    assert np.count_nonzero(predicted) > 8
    for move in found.limits + found.means:
        assert move.change == pytest.approx(move.predicted_change, rel=0.05, abs=2e-7)


@given(st.integers(0, 3000))
@settings(max_examples=25)
def test_more_of_a_limit_gives_no_more_than_its_price_and_a_mean_no_less(seed: int) -> None:
    """The optimum is concave in the limits and convex in the means."""
    problem = random_instance(seed, most_days=250, most_strategies=6)
    assume(solve(problem).status is SolutionStatus.OPTIMAL)
    found = sensitivity(problem)
    for move in found.limits:
        if move.change is not None:
            assert move.predicted_change is not None
            assert move.change <= move.predicted_change + 1e-6
    for move in found.means:
        assert move.change is not None
        assert move.predicted_change is not None
        assert move.change >= move.predicted_change - 1e-6


def test_a_limit_that_does_not_bind_changes_nothing() -> None:
    found = by_name(sensitivity(replace(PROBLEM, constraints=replace(PROBLEM.constraints, max_leverage=12.0))))
    for move in found["max_leverage"]:
        assert (move.predicted_change, move.largest_weight_change) == (0.0, pytest.approx(0.0, abs=1e-6))


def test_a_move_that_leaves_no_answer_says_why() -> None:
    tight = replace(PROBLEM, constraints=Constraints(cvar_limit=None, margin_cap=None, budget=0.9, max_leverage=0.9))
    down = by_name(sensitivity(tight))["max_leverage"][0]
    assert down.status is SolutionStatus.INFEASIBLE
    assert (down.objective, down.change, down.largest_weight_change) == (None, None, None)
    assert any("max_leverage" in conflict for conflict in down.conflicts)


def test_a_price_of_trades_is_taken_off_the_objective() -> None:
    dear = replace(PROBLEM, constraints=replace(PROBLEM.constraints, transaction_cost=0.01))
    found = sensitivity(dear)
    assert found.objective == pytest.approx(found.base.expected_return_annual - 0.01 * found.base.weights.sum())
    assert found.base.certificate is not None
    assert found.objective == pytest.approx(found.base.certificate.bound, rel=1e-6)


def test_cash_has_no_reason_to_move() -> None:
    found = sensitivity(replace(PROBLEM, expected_returns=-np.abs(PROBLEM.expected_returns)))
    assert found.objective == 0.0
    assert all(move.change == 0.0 for move in found.limits + found.means)


def test_a_problem_without_an_answer_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="budget"):
        sensitivity(replace(PROBLEM, constraints=Constraints(max_leverage=0.5, budget=0.9)))


@pytest.mark.parametrize("relative", [0.0, 1.0, -0.05, float("nan")])
def test_a_share_out_of_range_is_refused(relative: float) -> None:
    with pytest.raises(InputError, match="relative"):
        sensitivity(PROBLEM, relative=relative)
