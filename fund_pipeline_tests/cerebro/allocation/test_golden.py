"""On real returns the optimum is that of the libraries: PyPortfolioOpt and skfolio, each asked in its own way."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from pypfopt import EfficientCVaR
from skfolio import RiskMeasure
from skfolio.optimization import MeanRisk, ObjectiveFunction

from fund_pipeline.cerebro.allocation import Constraints, Problem, Solution, minimise_cvar, solve
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import TRADING_DAYS, ReturnsMatrix
from fund_pipeline_tests.cerebro.conftest import DATA

DAYS, BETA, MOST, LEVERAGE = 1000, 0.95, 0.25, 2.0
CLOSE = 1e-6
EXACT = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-11}
"""For skfolio's solver, whose own tolerances may leave the optimum a few 1e-6 short."""


def stocks() -> ReturnsMatrix:
    frame = pl.read_csv(DATA / "prices" / "us_stocks.csv", try_parse_dates=True)
    closes = frame.drop("date").to_numpy().astype(np.float64)
    daily = closes[1:] / closes[:-1] - 1.0
    dates = frame["date"].to_numpy().astype("datetime64[D]")[1:]
    return ReturnsMatrix(dates[-DAYS:], tuple(frame.columns[1:]), daily[-DAYS:])


@pytest.fixture(scope="module", params=["twenty stocks", "nine backtests"])
def returns(request: pytest.FixtureRequest, sample: Any) -> ReturnsMatrix:
    common: ReturnsMatrix = stocks() if request.param == "twenty stocks" else sample.matrix.common_window()
    return common


def problem_of(returns: ReturnsMatrix, **constraints: Any) -> Problem:
    none = np.zeros(len(returns.strategies))
    asked = Constraints(beta=BETA, margin_cap=None, max_weight=MOST, max_leverage=LEVERAGE, **constraints)
    return Problem(returns, annual(returns), none, none, asked)


def annual(returns: ReturnsMatrix) -> np.ndarray:
    means: np.ndarray = returns.values.mean(axis=0) * TRADING_DAYS
    return means


def limit_of(returns: ReturnsMatrix, share: float, **constraints: Any) -> float:
    """A share of the way from the least CVaR that can be had to that of the most return."""
    free = problem_of(returns, cvar_limit=None, **constraints)
    least, most = minimise_cvar(free).cvar, solve(free).cvar
    return least + share * (most - least)


def assert_within_limits(problem: Problem, found: Solution, tolerance: float = 0.0) -> None:
    assert found.fallbacks == ()
    assert limits_of(problem).broken_by(found.weights, tolerance) == ()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_most_return_of_who_may_stay_in_cash_is_pyportfolioopts(returns: ReturnsMatrix, share: float) -> None:
    """It is always fully invested, so cash is an asset of its own, and weights are in halves of the leverage."""
    problem = problem_of(returns, cvar_limit=limit_of(returns, share))
    ours = solve(problem)
    other = EfficientCVaR(
        np.append(problem.expected_returns, 0.0) * LEVERAGE,
        np.column_stack((returns.values, np.zeros(len(returns.dates)))) * LEVERAGE,
        beta=BETA,
        weight_bounds=[(0.0, MOST / LEVERAGE)] * len(returns.strategies) + [(0.0, 1.0)],
    )
    other.efficient_risk(problem.constraints.cvar_limit)
    theirs = float(np.append(problem.expected_returns, 0.0) @ np.asarray(other.weights)) * LEVERAGE
    assert ours.expected_return_annual == pytest.approx(theirs, rel=CLOSE)
    assert_within_limits(problem, ours)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_most_return_of_the_fully_invested_is_pyportfolioopts(returns: ReturnsMatrix, share: float) -> None:
    problem = problem_of(returns, budget=1.0, cvar_limit=limit_of(returns, share, budget=1.0))
    ours = solve(problem)
    other = EfficientCVaR(problem.expected_returns, returns.values, beta=BETA, weight_bounds=(0.0, MOST))
    other.efficient_risk(problem.constraints.cvar_limit)
    theirs = float(problem.expected_returns @ np.asarray(other.weights))
    assert ours.expected_return_annual == pytest.approx(theirs, rel=CLOSE)
    assert_within_limits(problem, ours)


def test_the_least_cvar_is_pyportfolioopts(returns: ReturnsMatrix) -> None:
    problem = problem_of(returns, budget=1.0, cvar_limit=None)
    ours = minimise_cvar(problem)
    other = EfficientCVaR(problem.expected_returns, returns.values, beta=BETA, weight_bounds=(0.0, MOST))
    other.min_cvar()
    assert ours.cvar == pytest.approx(cvar(returns.values @ np.asarray(other.weights), BETA), rel=CLOSE)
    assert_within_limits(problem, ours, tolerance=1e-9)


def test_the_least_cvar_for_a_return_is_pyportfolioopts(returns: ReturnsMatrix) -> None:
    problem = problem_of(returns, budget=1.0, cvar_limit=None)
    target = 0.9 * solve(problem).expected_return_annual
    ours = minimise_cvar(problem, target)
    other = EfficientCVaR(problem.expected_returns, returns.values, beta=BETA, weight_bounds=(0.0, MOST))
    other.efficient_return(target)
    assert ours.cvar == pytest.approx(cvar(returns.values @ np.asarray(other.weights), BETA), rel=CLOSE)
    assert ours.expected_return_annual >= target - 1e-9
    assert_within_limits(problem, ours, tolerance=1e-9)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_most_return_is_skfolios(returns: ReturnsMatrix, share: float) -> None:
    problem = problem_of(returns, cvar_limit=limit_of(returns, share))
    ours = solve(problem)
    other = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_RETURN,
        risk_measure=RiskMeasure.CVAR,
        cvar_beta=BETA,
        max_cvar=problem.constraints.cvar_limit,
        min_weights=0.0,
        max_weights=MOST,
        budget=None,
        max_budget=LEVERAGE,
        solver_params=EXACT,
    )
    theirs = float(problem.expected_returns @ other.fit(returns.values).weights_)
    assert ours.expected_return_annual == pytest.approx(theirs, rel=CLOSE)
    assert_within_limits(problem, ours)


def test_the_least_cvar_is_skfolios(returns: ReturnsMatrix) -> None:
    problem = problem_of(returns, budget=1.0, cvar_limit=None)
    ours = minimise_cvar(problem)
    other = MeanRisk(
        objective_function=ObjectiveFunction.MINIMIZE_RISK,
        risk_measure=RiskMeasure.CVAR,
        cvar_beta=BETA,
        min_weights=0.0,
        max_weights=MOST,
        budget=1.0,
        solver_params=EXACT,
    )
    theirs = cvar(returns.values @ other.fit(returns.values).weights_, BETA)
    assert ours.cvar == pytest.approx(theirs, rel=CLOSE)
