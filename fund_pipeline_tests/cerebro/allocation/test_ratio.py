"""The most return per CVaR."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import (
    Constraints,
    Problem,
    SolutionStatus,
    WeightBounds,
    maximise_ratio,
    minimise_cvar,
    solve,
)
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance


def problem_of(values: np.ndarray, constraints: Constraints, current: np.ndarray | None = None) -> Problem:
    days, strategies = values.shape
    matrix = ReturnsMatrix(
        np.datetime64("2000-01-01") + np.arange(days), tuple(f"S{i}" for i in range(strategies)), values
    )
    nothing = np.zeros(strategies)
    return Problem(matrix, values.mean(axis=0) * 252, nothing, nothing if current is None else current, constraints)


def fat(seed: int, days: int = 300, strategies: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    common = 0.005 * rng.standard_t(4, (days, 1))
    return common + 0.01 * rng.standard_t(4, (days, strategies)) + rng.normal(1e-3, 4e-4, strategies)


def test_in_a_cone_no_point_of_the_frontier_has_a_better_ratio() -> None:
    wide = Constraints(cvar_limit=None, margin_cap=None, max_weight=1.0, max_leverage=1.0)
    for seed in range(12):
        problem = problem_of(fat(seed), wide)
        best = maximise_ratio(problem)
        assert best.certificate is not None
        assert best.certificate.bound is not None
        ratio = best.expected_return_annual / best.cvar
        assert ratio == pytest.approx(best.certificate.bound, rel=1e-6), seed
        # Least CVaR at several returns traces the frontier by another question.
        most = float(problem.expected_returns.max())
        for share in (0.2, 0.5, 0.8, 0.999):
            point = minimise_cvar(problem, share * most)
            assert point.expected_return_annual / point.cvar <= ratio * (1.0 + 1e-6), (seed, share)


def test_the_best_ratio_is_made_as_large_as_the_limits_allow() -> None:
    limited = Constraints(cvar_limit=0.01, margin_cap=None)
    found = maximise_ratio(problem_of(fat(1), limited))
    assert found.cvar == pytest.approx(0.01, rel=1e-6)
    assert found.certificate is not None
    assert [limit.name for limit in found.certificate.binding] == ["cvar_limit"]
    larger = maximise_ratio(problem_of(fat(1), replace(limited, cvar_limit=0.011)))
    assert larger.weights / larger.leverage == pytest.approx(found.weights / found.leverage, abs=1e-6)


def test_with_a_budget_it_agrees_with_a_search_along_the_frontier() -> None:
    invested = Constraints(cvar_limit=None, margin_cap=None, budget=1.0, max_weight=0.4)
    for seed in range(4):
        problem = problem_of(fat(seed), invested)
        best = maximise_ratio(problem)
        ratio = best.expected_return_annual / best.cvar
        least, most = minimise_cvar(problem), solve(problem)
        searched = 0.0
        for limit in np.linspace(least.cvar, most.cvar, 60):
            point = solve(replace(problem, constraints=replace(invested, cvar_limit=float(limit) + 1e-12)))
            if point.status is SolutionStatus.OPTIMAL:
                searched = max(searched, point.expected_return_annual / point.cvar)
        assert ratio >= searched * (1.0 - 1e-9), seed
        assert ratio <= searched * 1.01, seed
        assert best.certificate is not None
        assert best.certificate.relative_gap is not None
        assert best.certificate.relative_gap <= 1e-8


def test_shadow_prices_of_the_ratio_are_its_slopes() -> None:
    invested = Constraints(cvar_limit=None, margin_cap=None, budget=1.0, max_weight=0.3)
    problem = problem_of(fat(3), invested)
    best = maximise_ratio(problem)
    assert best.certificate is not None
    prices = {limit.name: limit.shadow_price for limit in best.certificate.binding}
    tight = [name for name in prices if name.startswith("max_weight")]
    assert tight
    step = 1e-5
    ratios = [
        maximise_ratio(replace(problem, constraints=replace(invested, max_weight=0.3 + by))) for by in (-step, step)
    ]
    below, above = (found.expected_return_annual / found.cvar for found in ratios)
    assert (above - below) / (2 * step) == pytest.approx(sum(prices[name] for name in tight), rel=1e-3)


def test_costs_of_trades_count_against_the_ratio() -> None:
    values, current = fat(5), np.full(6, 1 / 6)
    free = Constraints(cvar_limit=None, margin_cap=None, budget=1.0)
    moved = maximise_ratio(problem_of(values, free, current))
    dear = maximise_ratio(problem_of(values, replace(free, transaction_cost=0.5), current))
    assert moved.portfolio is not None
    assert dear.portfolio is not None
    assert moved.portfolio.turnover > 0.1
    assert dear.portfolio.turnover < moved.portfolio.turnover


def test_without_a_strategy_that_gains_the_answer_is_cash() -> None:
    problem = problem_of(fat(2), Constraints(margin_cap=None))
    losing = replace(problem, expected_returns=-np.abs(problem.expected_returns) - 0.01)
    found = maximise_ratio(losing)
    assert found.weights.tolist() == [0.0] * 6
    assert found.notes == ("no strategy has a positive expected return, so nothing is held",)


def test_a_budget_without_a_strategy_that_gains_contradicts_the_wish_for_a_gain() -> None:
    problem = problem_of(fat(2), Constraints(margin_cap=None, budget=1.0, cvar_limit=None))
    losing = replace(problem, expected_returns=-np.abs(problem.expected_returns) - 0.01)
    found = maximise_ratio(losing)
    assert found.status is SolutionStatus.INFEASIBLE
    assert found.conflicts == ("expected return > 0",)


def test_a_strategy_that_never_loses_has_no_greatest_ratio() -> None:
    values = fat(2)
    values[:, 0] = 1e-4
    with pytest.raises(InputError, match="no greatest value"):
        maximise_ratio(problem_of(values, Constraints(margin_cap=None)))


def test_random_problems_get_a_proven_ratio_within_their_limits_or_a_reason() -> None:
    answered = 0
    for seed in range(7000, 7060):
        problem = random_instance(seed, 250, 8)
        limits = limits_of(problem)
        try:
            found = maximise_ratio(problem)
        except InputError:
            continue  # a strategy that never loses: a test of its own
        if found.status is SolutionStatus.INFEASIBLE:
            assert found.conflicts, seed
            continue
        assert found.certificate is not None
        assert limits.broken_by(found.weights, 1e-9) == (), seed
        if found.certificate.bound is None:
            continue
        answered += 1
        assert found.certificate.relative_gap is not None
        assert 0.0 <= found.certificate.relative_gap <= 1e-8, seed
        others = [solve(problem), minimise_cvar(problem)]
        for other in others:
            if other.status is SolutionStatus.OPTIMAL and other.cvar > 1e-9 and not limits.broken_by(other.weights, 0):
                assert limits.net_return(other.weights) / other.cvar <= found.certificate.bound * (1 + 1e-8), seed
    assert answered > 20


def test_bounds_of_a_strategy_hold_in_the_composition() -> None:
    values = fat(4)
    asked = Constraints(cvar_limit=None, margin_cap=None, budget=1.0, bounds=(WeightBounds("S0", 0.25, 0.25),))
    assert maximise_ratio(problem_of(values, asked)).weights[0] == 0.25
