"""Laws that every optimum obeys, whatever its numbers: what happens to it when the question is changed in a known way.

Over random problems of every kind. Optima are compared by their proven bounds, which rounding does not touch.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.allocation import (
    Problem,
    Solution,
    SolutionStatus,
    efficient_frontier,
    maximise_ratio,
    minimise_cvar,
    solve,
)
from fund_pipeline.errors import InfeasibleError, InputError
from fund_pipeline_tests.cerebro.allocation.changed_problems import (
    constrained,
    falling,
    tighter,
    with_columns,
    with_copy,
    with_days,
)
from fund_pipeline_tests.cerebro.allocation.instances import random_instance

ASKS = {"most return": solve, "least cvar": minimise_cvar, "best ratio": maximise_ratio}
seeds = st.integers(0, 100_000)
every_ask = pytest.mark.parametrize("ask", ASKS)


def instance(seed: int) -> Problem:
    return random_instance(seed, 220, 6)


def answered(problem: Problem, ask: str) -> Solution | None:
    """The answer; None where the question has none: nothing meets the limits, or the ratio has no greatest value."""
    try:
        found = ASKS[ask](problem)
    except InputError:
        assert ask == "best ratio"
        return None
    return found if found.status is SolutionStatus.OPTIMAL else None


def optimum(problem: Problem, ask: str) -> float | None:
    found = answered(problem, ask)
    return None if found is None or found.certificate is None else found.certificate.bound


def same(one: float | None, other: float | None) -> bool:
    """Equal to a few of the gaps that an optimum may have."""
    if one is None or other is None:
        return one is other
    return one == pytest.approx(other, rel=1e-7, abs=1e-11)


@every_ask
@given(seeds, st.floats(0.2, 5.0))
@settings(max_examples=20)
def test_scaling_returns_and_limits_together_scales_the_optimum(ask: str, seed: int, factor: float) -> None:
    problem = instance(seed)
    asked, matrix = problem.constraints, problem.scenarios
    scaled = replace(
        problem,
        scenarios=replace(matrix, values=matrix.values * factor),
        expected_returns=problem.expected_returns * factor,
        constraints=replace(
            asked,
            cvar_limit=None if asked.cvar_limit is None else asked.cvar_limit * factor,
            transaction_cost=asked.transaction_cost * factor,
        ),
    )
    before = optimum(problem, ask)
    of_ratio = 1.0 if ask == "best ratio" else factor
    assert same(optimum(scaled, ask), None if before is None else before * of_ratio)


@every_ask
@given(seeds)
@settings(max_examples=20)
def test_the_order_of_strategies_changes_no_optimal_value(ask: str, seed: int) -> None:
    problem = instance(seed)
    order = np.random.default_rng(seed).permutation(len(problem.margins))
    assert same(optimum(with_columns(problem, order), ask), optimum(problem, ask))


@every_ask
@given(seeds)
@settings(max_examples=20)
def test_the_order_of_days_changes_no_optimal_value(ask: str, seed: int) -> None:
    problem = instance(seed)
    order = np.random.default_rng(seed).permutation(len(problem.scenarios.dates))
    assert same(optimum(with_days(problem, order), ask), optimum(problem, ask))


@every_ask
@given(seeds)
@settings(max_examples=20)
def test_a_duplicated_strategy_whose_caps_are_shared_changes_no_optimal_value(ask: str, seed: int) -> None:
    problem = instance(seed)
    of = seed % len(problem.margins)
    assert same(optimum(with_copy(problem, of, worse_by=0.0), ask), optimum(problem, ask))


@given(seeds)
@settings(max_examples=40)
def test_a_copy_that_is_always_a_little_worse_gets_nothing(seed: int) -> None:
    problem = instance(seed)
    of = seed % len(problem.margins)
    found = answered(with_copy(problem, of, worse_by=1e-4), "most return")
    assume(found is not None)
    assert found is not None
    assert found.weights[-1] == 0.0
    assert found.certificate is not None
    assert same(found.certificate.bound, optimum(problem, "most return"))


@given(seeds)
@settings(max_examples=14)
def test_one_more_limit_of_any_kind_never_improves_the_optimum(seed: int) -> None:
    problem = instance(seed)
    for ask in ("most return", "least cvar"):
        free = optimum(problem, ask)
        for kind, held in tighter(problem, seed).items():
            best = optimum(held, ask)
            if best is None:
                continue
            assert free is not None, f"{kind}, {ask}: a limit more, and now there is an answer"
            worse = free - best if ask == "most return" else best - free
            assert worse >= -1e-7 * max(abs(free), 1e-4), f"{kind}, {ask}"


@given(seeds)
@settings(max_examples=25)
def test_the_frontier_rises_and_bends_down(seed: int) -> None:
    """With a price of trades it is the return net of them that does."""
    problem = instance(seed)
    try:
        points = efficient_frontier(problem, 8)
    except InfeasibleError:
        return
    trades = [np.abs(point.weights - problem.current_weights).sum() for point in points]
    risk = np.array([point.cvar for point in points])
    reward = np.array([point.expected_return_annual for point in points])
    reward -= problem.constraints.transaction_cost * np.array(trades)
    noise = 1e-7 * max(float(np.abs(reward).max()), 1e-4)
    assert (np.diff(risk) >= -1e-12).all()
    assert (np.diff(reward) >= -noise).all()
    for i in range(1, len(points) - 1 if risk[-1] > risk[0] + 1e-9 else 0):
        along = (risk[i] - risk[i - 1]) / (risk[i + 1] - risk[i - 1])
        assert reward[i] >= (1.0 - along) * reward[i - 1] + along * reward[i + 1] - noise


def test_a_limit_of_the_drawdown_alone_depends_on_the_order_of_days() -> None:
    """Losses in a row fall deeper than the same losses between gains; CVaR cannot tell them apart."""
    mixed = np.arange(60)
    in_a_row = np.concatenate((mixed[::2], mixed[1::2]))
    # Between gains the fall is one day's loss, so that 2 × 0.8 % fits; in a row the worst three average 29 of them.
    assert optimum(falling(mixed), "most return") == pytest.approx(0.2, rel=1e-9)
    assert optimum(falling(in_a_row), "most return") == pytest.approx(0.1 * 2.0 / 29.0, rel=1e-7)
    assert minimise_cvar(constrained(falling(mixed), budget=1.0, max_cdar=None)).cvar == pytest.approx(
        minimise_cvar(constrained(falling(in_a_row), budget=1.0, max_cdar=None)).cvar, rel=1e-12
    )


@given(seeds)
@settings(max_examples=15)
def test_within_a_limit_of_the_drawdown_strategies_may_still_change_places(seed: int) -> None:
    problem = constrained(instance(seed), max_cdar=0.03)
    order = np.random.default_rng(seed).permutation(len(problem.margins))
    assert same(optimum(with_columns(problem, order), "most return"), optimum(problem, "most return"))
