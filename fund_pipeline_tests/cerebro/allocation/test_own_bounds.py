"""Bounds of single strategies and the price of trades."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import Constraints, SolutionStatus, WeightBounds, minimise_cvar, solve
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance
from fund_pipeline_tests.cerebro.allocation.test_ratio import fat, problem_of

FREE = Constraints(cvar_limit=0.02, margin_cap=None)


def test_a_fixed_weight_stays_where_it_is_put() -> None:
    found = solve(problem_of(fat(1), replace(FREE, bounds=(WeightBounds("S2", 0.125, 0.125),))))
    assert found.weights[2] == 0.125


def test_bounds_of_its_own_stand_in_place_of_the_general_ones() -> None:
    found = solve(
        problem_of(
            fat(1), replace(FREE, max_weight=0.1, bounds=(WeightBounds("S0", 0.0, 0.7), WeightBounds("S1", 0.03, 1.0)))
        )
    )
    assert found.weights[1] >= 0.03
    assert (found.weights[2:] <= 0.1).all()


def test_a_bound_that_contradicts_others_is_named() -> None:
    found = solve(problem_of(fat(1), replace(FREE, max_leverage=0.2, bounds=(WeightBounds("S3", 0.3, 0.5),))))
    assert found.status is SolutionStatus.INFEASIBLE
    assert set(found.conflicts) == {"max_leverage = 0.2", "least weight of S3 = 0.3"}


def test_a_least_weight_above_its_greatest_is_named() -> None:
    found = solve(problem_of(fat(1), replace(FREE, bounds=(WeightBounds("S3", 0.3, 0.2),))))
    assert found.status is SolutionStatus.INFEASIBLE
    assert set(found.conflicts) == {"least weight of S3 = 0.3", "greatest weight of S3 = 0.2"}


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ((WeightBounds("nobody", 0.0, 1.0),), "nobody, not among the strategies"),
        ((WeightBounds("S1", -0.1, 1.0),), "least weight of S1 is -0.1"),
        ((WeightBounds("S1", 0.0, 1.0), WeightBounds("S1", 0.0, 0.5)), "each name once"),
    ],
)
def test_wrong_bounds_are_refused_by_name(bounds: tuple[WeightBounds, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        solve(problem_of(fat(1), replace(FREE, bounds=bounds)))


def test_trades_are_made_only_where_they_gain_more_than_they_cost() -> None:
    values, current = fat(2), np.full(6, 0.15)
    last = np.inf
    for cost in (0.0, 0.02, 0.1, 0.5, 5.0):
        found = solve(problem_of(values, replace(FREE, cvar_limit=0.05, transaction_cost=cost), current))
        assert found.portfolio is not None
        assert found.portfolio.turnover <= last + 1e-7
        assert found.portfolio.trading_cost == pytest.approx(cost * found.portfolio.turnover)
        last = found.portfolio.turnover
    assert last < 1e-7, "nothing is worth a trade at five times the return"


def test_the_price_of_trades_is_that_of_the_turnover_it_leads_to() -> None:
    """Lagrange: the optimum at a price is the optimum under a limit at the turnover it reaches."""
    values, current = fat(3), np.full(6, 0.1)
    priced = solve(problem_of(values, replace(FREE, transaction_cost=0.05), current)).found()
    limited = solve(problem_of(values, replace(FREE, max_turnover=priced.turnover), current)).found()
    assert limited.expected_return_annual == pytest.approx(priced.expected_return_annual, abs=1e-6)


def test_a_target_of_return_is_net_of_trades() -> None:
    values, current = fat(3), np.full(6, 0.1)
    found = minimise_cvar(problem_of(values, replace(FREE, transaction_cost=0.05), current), 0.05).found()
    assert found.expected_return_annual - found.trading_cost >= 0.05 - 1e-9


def test_what_is_held_at_all_is_held_enough_and_the_rest_of_the_limits_hold() -> None:
    for seed in range(4):
        free = problem_of(fat(seed), replace(FREE, min_weight_if_held=0.12, max_cdar=0.15))
        found = solve(free)
        held = found.weights[found.weights > 0.0]
        assert (held >= 0.12).all(), seed
        assert found.cvar <= 0.02, seed
        assert found.portfolio is not None
        assert found.portfolio.cdar <= 0.15, seed
        relaxed = solve(problem_of(fat(seed), replace(FREE, max_cdar=0.15)))
        assert found.expected_return_annual <= relaxed.expected_return_annual + 1e-9, seed
        assert found.certificate is not None
        assert found.certificate.bound is not None
        assert found.expected_return_annual <= found.certificate.bound + 1e-9, seed


def test_a_least_weight_of_what_is_held_that_fits_nowhere_leaves_cash_or_is_named() -> None:
    cash = solve(problem_of(fat(1), replace(FREE, max_weight=0.3, min_weight_if_held=0.4)))
    assert cash.weights.tolist() == [0.0] * 6
    invested = replace(FREE, max_weight=0.3, min_weight_if_held=0.4, budget=0.9)
    named = solve(problem_of(fat(1), invested)).conflicts
    assert "min_weight_if_held = 0.4" in named
    assert "max_weight = 0.3" in named


def test_the_fast_engine_lets_every_strategy_in_before_it_calls_limits_infeasible() -> None:
    """The few strategies it began with could not meet the budget, margin and CVaR of this problem; all of them can."""
    found = solve(random_instance(20263167))
    assert found.status is SolutionStatus.OPTIMAL
    assert found.fallbacks == ()
