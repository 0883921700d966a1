"""What each strategy is worth, by brute force: optima without it, and with it worth a little more or less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.allocation import Constraints, Problem, SolutionStatus, WeightBounds, solve
from fund_pipeline.cerebro.contributions import contributions
from fund_pipeline.cerebro.simulation import effect_of_adding, marginal
from fund_pipeline.errors import InfeasibleError, InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance
from fund_pipeline_tests.cerebro.simulation.questions import fat_tailed_problem, problem_of

PROBLEM = fat_tailed_problem(strategies=12, cvar_limit=0.006, max_weight=0.3)


def without(problem: Problem, column: int) -> Problem:
    """The problem of the other strategies."""
    names = problem.scenarios.strategies
    return replace(
        problem,
        scenarios=problem.scenarios.select(names[:column] + names[column + 1 :]),
        expected_returns=np.delete(problem.expected_returns, column),
        margins=np.delete(problem.margins, column),
        current_weights=np.delete(problem.current_weights, column),
    )


def with_mean(problem: Problem, column: int, mean: float) -> Problem:
    means = problem.expected_returns.copy()
    means[column] = mean
    return replace(problem, expected_returns=means)


def test_every_strategy_is_either_held_or_not() -> None:
    found = marginal(PROBLEM)
    names = [one.strategy for one in found.held] + [one.strategy for one in found.not_held]
    assert sorted(names) == sorted(PROBLEM.scenarios.strategies)
    assert found.held
    assert found.not_held
    assert all(one.weight > 0.0 for one in found.held)


def test_the_loss_without_a_strategy_is_that_of_the_problem_without_its_column() -> None:
    found = marginal(PROBLEM)
    for one in found.held:
        other = solve(without(PROBLEM, PROBLEM.scenarios.strategies.index(one.strategy)))
        expected = found.base.expected_return_annual - other.expected_return_annual
        assert one.loss == pytest.approx(expected, abs=1e-6)
        assert one.solution.weights[PROBLEM.scenarios.strategies.index(one.strategy)] == 0.0


def test_a_strategy_is_held_above_its_break_even_and_not_below() -> None:
    found = marginal(PROBLEM)
    for one in found.not_held:
        column = PROBLEM.scenarios.strategies.index(one.strategy)
        assert one.needed is not None
        assert one.missing == pytest.approx(one.needed - one.expected_return_annual, rel=1e-12)
        assert solve(with_mean(PROBLEM, column, one.needed + 1e-5)).weights[column] > 1e-6
        assert solve(with_mean(PROBLEM, column, one.needed - 1e-5)).weights[column] < 1e-6


@given(st.integers(0, 3000))
@settings(max_examples=20)
def test_break_evens_of_all_kinds_of_problems_hold(seed: int) -> None:
    """Below the break-even the optimum is what it was; above it is better."""
    problem = random_instance(seed, most_days=250, most_strategies=6)
    base = solve(problem)
    assume(base.status is SolutionStatus.OPTIMAL)
    assert base.certificate is not None
    for one in marginal(problem).not_held:
        column = problem.scenarios.strategies.index(one.strategy)
        needed = 50.0 if one.needed is None else one.needed
        below = solve(with_mean(problem, column, max(needed - 1e-4, one.expected_return_annual))).certificate
        assert below is not None
        assert below.bound == pytest.approx(base.certificate.bound, rel=1e-7, abs=1e-10)
        if one.needed is not None:
            above = solve(with_mean(problem, column, one.needed + 0.1))
            assert above.certificate is not None
            assert above.certificate.bound > base.certificate.bound


def test_where_only_leverage_binds_the_break_even_is_the_least_mean_held() -> None:
    values = PROBLEM.scenarios.values[:, :4]
    problem = replace(
        problem_of(values, cvar_limit=None, max_leverage=1.0), expected_returns=np.array([0.2, 0.15, 0.1, -0.3])
    )
    found = marginal(problem)
    assert [one.strategy for one in found.held] == ["S0", "S1"]
    assert [one.needed for one in found.not_held] == pytest.approx([0.15, 0.15], abs=1e-9)
    assert [one.loss for one in found.held] == pytest.approx([0.05, 0.025], abs=1e-7)


def test_in_cash_any_return_above_zero_is_enough_where_nothing_else_binds() -> None:
    losing = replace(PROBLEM, expected_returns=np.full(12, -0.1))
    found = marginal(losing)
    assert not found.held
    assert [one.needed for one in found.not_held] == pytest.approx([0.0] * 12, abs=1e-8)


def test_what_is_forbidden_has_no_break_even() -> None:
    forbidden = replace(PROBLEM.constraints, bounds=(WeightBounds("S4", 0.0, 0.0),))
    found = marginal(replace(PROBLEM, constraints=forbidden))
    (one,) = (one for one in found.not_held if one.strategy == "S4")
    assert (one.needed, one.missing) == (None, None)


def test_without_a_strategy_that_the_budget_needs_there_is_no_answer() -> None:
    problem = problem_of(PROBLEM.scenarios.values[:, :2], cvar_limit=None, budget=1.0)
    for one in marginal(problem).held:
        assert one.loss is None
        assert one.solution.status is SolutionStatus.INFEASIBLE
        assert one.solution.conflicts


def test_adding_back_what_was_taken_away_gains_what_was_lost() -> None:
    found = marginal(PROBLEM)
    one = max(found.held, key=lambda held: held.loss or 0.0)
    column = PROBLEM.scenarios.strategies.index(one.strategy)
    added = effect_of_adding(
        without(PROBLEM, column),
        one.strategy,
        PROBLEM.scenarios.values[:, column],
        float(PROBLEM.expected_returns[column]),
        0.0,
    )
    assert added.gain == pytest.approx(one.loss, abs=1e-6)
    assert added.gain > 0.0
    assert added.weight == pytest.approx(one.weight, abs=1e-5)
    assert added.after.strategies[-1] == one.strategy
    parts = contributions(PROBLEM.scenarios.values, found.base.weights, PROBLEM.expected_returns, 0.95)
    assert added.cvar_contribution == pytest.approx(parts.cvar[column], abs=1e-6)
    assert added.volatility_contribution == pytest.approx(parts.volatility_annual[column], abs=1e-4)


def test_a_worthless_newcomer_changes_nothing() -> None:
    added = effect_of_adding(PROBLEM, "bad", np.abs(PROBLEM.scenarios.values[:, 0]), -0.5, 0.1)
    assert (added.weight, added.cvar_contribution) == (0.0, 0.0)
    assert added.gain == pytest.approx(0.0, abs=1e-7)


def test_a_newcomer_can_make_an_impossible_problem_possible() -> None:
    alone = problem_of(PROBLEM.scenarios.values[:, :1], cvar_limit=None, budget=1.0)
    added = effect_of_adding(alone, "second", PROBLEM.scenarios.values[:, 1], 0.05, 0.0)
    assert added.before.status is SolutionStatus.INFEASIBLE
    assert added.gain is None
    assert added.weight == pytest.approx(0.5, abs=1e-8)


def test_progress_is_told_after_every_strategy() -> None:
    told: list[tuple[int, int]] = []
    marginal(PROBLEM, progress=lambda done, total: told.append((done, total)))
    assert told == [(i, 12) for i in range(1, 13)]


def test_a_problem_without_an_answer_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="budget"):
        marginal(replace(PROBLEM, constraints=Constraints(max_leverage=0.5, budget=0.9)))


def test_a_newcomer_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="S0 is already"):
        effect_of_adding(PROBLEM, "S0", PROBLEM.scenarios.values[:, 0], 0.1, 0.1)
    with pytest.raises(InputError, match="one return for every day"):
        effect_of_adding(PROBLEM, "new", np.zeros(3), 0.1, 0.1)
    with pytest.raises(InputError, match="margins of strategy new"):
        effect_of_adding(PROBLEM, "new", np.zeros(300), 0.1, -0.1)
