"""Contributions against their totals and their slopes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fund_pipeline.cerebro.allocation import portfolio_of, solve
from fund_pipeline.cerebro.contributions import contributions
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance

EXPECTED = np.array([0.1, -0.02, 0.05])


@given(
    arrays(np.float64, (40, 3), elements=st.floats(-0.25, 0.25, width=32)),
    arrays(np.float64, 3, elements=st.floats(-1.0, 2.0)),
    st.floats(0.5, 0.99),
)
@settings(max_examples=80)
def test_contributions_sum_to_the_totals(returns: np.ndarray, weights: np.ndarray, beta: float) -> None:
    found = contributions(returns, weights, EXPECTED, beta)
    assert math.fsum(found.cvar) == pytest.approx(found.total_cvar, rel=1e-9, abs=1e-12)
    assert math.fsum(found.volatility_annual) == pytest.approx(found.total_volatility_annual, rel=1e-9, abs=1e-12)
    assert math.fsum(found.expected_return_annual) == pytest.approx(found.total_expected_return_annual, abs=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_totals_are_those_of_the_portfolio(seed: int) -> None:
    problem = random_instance(seed)
    weights = np.linspace(0.1, 0.4, len(problem.margins))
    portfolio = portfolio_of(problem, weights)
    found = contributions(problem.scenarios.values, weights, problem.expected_returns, problem.constraints.beta)
    assert found.total_cvar == pytest.approx(portfolio.cvar, rel=1e-12)
    assert found.total_volatility_annual == pytest.approx(portfolio.volatility_annual, rel=1e-12)
    assert found.total_expected_return_annual == pytest.approx(portfolio.expected_return_annual, rel=1e-12)


def test_a_contribution_to_volatility_is_the_weight_times_the_slope() -> None:
    returns = np.random.default_rng(1).normal(0.0, 0.01, (300, 3))
    weights, step = np.array([0.4, 0.3, 0.2]), 1e-6
    found = contributions(returns, weights, EXPECTED, 0.95).volatility_annual
    for column in range(3):
        bumped = weights.copy()
        bumped[column] += step
        slope = ((returns @ bumped).std(ddof=1) - (returns @ weights).std(ddof=1)) / step * math.sqrt(252)
        assert found[column] == pytest.approx(weights[column] * slope, rel=1e-4)


def test_cash_and_constants_contribute_no_volatility() -> None:
    returns = np.tile([0.001, 0.002, -0.001], (30, 1))
    for weights in (np.zeros(3), np.array([0.5, 0.2, 0.1])):
        found = contributions(returns, weights, EXPECTED, 0.95)
        assert found.total_volatility_annual == 0.0
        assert found.volatility_annual.tolist() == [0.0, 0.0, 0.0]


def test_the_optimum_of_a_problem_can_be_explained() -> None:
    problem = random_instance(12)
    solution = solve(problem)
    found = contributions(problem.scenarios.values, solution.weights, problem.expected_returns, 0.95)
    assert ((found.expected_return_annual != 0.0) <= (solution.weights > 0.0)).all()


@pytest.mark.parametrize(
    ("weights", "expected", "match"),
    [
        (np.zeros(2), EXPECTED, "one weight per column"),
        (np.zeros(3), EXPECTED[:2], "one expected return per column"),
        (np.zeros(3), np.array([0.1, np.nan, 0.0]), "not a finite number"),
    ],
)
def test_figures_that_do_not_match_are_refused(weights: np.ndarray, expected: np.ndarray, match: str) -> None:
    with pytest.raises(InputError, match=match):
        contributions(np.zeros((5, 3)), weights, expected, 0.95)
