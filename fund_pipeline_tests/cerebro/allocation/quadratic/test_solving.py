"""The public way to the quadratic objectives: a problem in, a solution with its certificate out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import Constraints, Problem, SolutionStatus
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.allocation.quadratic import QUADRATIC_ALLOCATOR, QuadraticObjective, solve_quadratic
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance
from fund_pipeline_tests.cerebro.allocation.quadratic.cases import fat_tailed

EVERY = pytest.mark.parametrize("objective", list(QuadraticObjective))

CANCELLING = {QuadraticObjective.RISK_PARITY: (), QuadraticObjective.MAX_SHARPE: (11,)}
"""Seeds of which some strategies make a portfolio that does not move."""


def problem_of(returns: np.ndarray, **changes: object) -> Problem:
    n = returns.shape[1]
    dates = np.datetime64("2010-01-01") + np.arange(len(returns))
    return Problem(
        ReturnsMatrix(dates, tuple(f"S{i}" for i in range(n)), returns),
        returns.mean(axis=0) * 252,
        np.full(n, 0.2),
        np.zeros(n),
        Constraints(**changes),
    )


def options(objective: QuadraticObjective) -> dict[str, float]:
    return {"risk_aversion": 4.0} if objective is QuadraticObjective.MEAN_VARIANCE else {}


@EVERY
def test_the_solution_holds_weights_a_certificate_and_what_was_asked(objective: QuadraticObjective) -> None:
    problem = problem_of(fat_tailed(1, 250, 6), budget=0.6, cvar_limit=0.02)
    solution = solve_quadratic(problem, objective, **options(objective))
    assert solution.status is SolutionStatus.OPTIMAL
    assert solution.objective == objective.value
    assert solution.allocator == QUADRATIC_ALLOCATOR
    assert math.fsum(solution.weights) == pytest.approx(0.6, abs=1e-12)
    certificate = solution.certificate
    assert certificate.cvar_recomputed == solution.cvar
    if objective is QuadraticObjective.HRP:
        assert certificate.bound is certificate.relative_gap is certificate.kkt_residual is None
        return
    assert certificate.kkt_residual <= 1e-8
    if objective is QuadraticObjective.RISK_PARITY:
        assert certificate.bound is None
    else:
        assert certificate.relative_gap <= 1e-8


@EVERY
@pytest.mark.parametrize("seed", range(12))
def test_stored_weights_have_eight_decimals_and_keep_every_limit(objective: QuadraticObjective, seed: int) -> None:
    problem = random_instance(seed, most_days=220, most_strategies=8)
    if objective in (QuadraticObjective.HRP, QuadraticObjective.RISK_PARITY):
        constraints = replace(problem.constraints, max_turnover=None, transaction_cost=0.0, min_weight=0.0, bounds=())
        problem = replace(problem, constraints=constraints)
    if seed in CANCELLING.get(objective, ()):
        with pytest.raises(InputError, match=r"no greatest value|cancel each other"):
            solve_quadratic(problem, objective, **options(objective))
        return
    solution = solve_quadratic(problem, objective, **options(objective))
    if solution.status is SolutionStatus.INFEASIBLE:
        assert solution.conflicts
        return
    assert np.isfinite(solution.weights).all()
    assert not limits_of(problem).broken_by(solution.weights, 1e-9)
    assert solution.certificate.rounding_cost <= 1e-4


def test_the_least_variance_is_told_as_volatility_with_prices_in_words() -> None:
    problem = problem_of(fat_tailed(2, 250, 6))
    solution = solve_quadratic(problem, QuadraticObjective.MIN_VARIANCE, target_return=0.08)
    assert solution.certificate.bound == pytest.approx(solution.volatility_annual, rel=1e-6)
    assert solution.expected_return_annual >= 0.08
    target = next(b for b in solution.certificate.binding if b.name == "target_return")
    step = 1e-5
    above = solve_quadratic(problem, QuadraticObjective.MIN_VARIANCE, target_return=0.08 + step).certificate.bound
    assert target.shadow_price == pytest.approx((above - solution.certificate.bound) / step, rel=1e-3)
    assert target.in_words.startswith("raising target_return by 1 bp adds ")
    assert target.in_words.endswith("bp of annual volatility")


def test_caps_that_bind_are_named_by_their_strategy() -> None:
    problem = problem_of(fat_tailed(3, 250, 4), budget=1.0, max_weight=0.3, cvar_limit=None)
    solution = solve_quadratic(problem, QuadraticObjective.MAX_SHARPE)
    named = [b.name for b in solution.certificate.binding if b.name.startswith("max_weight:")]
    assert named
    for name in named:
        assert solution.weights[int(name.removeprefix("max_weight:S"))] == pytest.approx(0.3)
    assert "of Sharpe ratio" in solution.certificate.binding[0].in_words


def test_a_contradiction_is_infeasible_with_its_conflicts() -> None:
    problem = problem_of(fat_tailed(4, 250, 4), budget=1.0, max_weight=0.2)
    solution = solve_quadratic(problem, QuadraticObjective.MIN_VARIANCE)
    assert solution.status is SolutionStatus.INFEASIBLE
    assert set(solution.conflicts) == {"budget = 1", "max_weight = 0.2"}


def test_options_that_an_objective_does_not_take_are_refused() -> None:
    problem = problem_of(fat_tailed(5, 250, 4))
    with pytest.raises(InputError, match="needs risk_aversion"):
        solve_quadratic(problem, QuadraticObjective.MEAN_VARIANCE)
    with pytest.raises(InputError, match="max-sharpe takes no risk_aversion"):
        solve_quadratic(problem, QuadraticObjective.MAX_SHARPE, risk_aversion=2.0)
    with pytest.raises(InputError, match="hrp takes no target_return"):
        solve_quadratic(problem, QuadraticObjective.HRP, target_return=0.1)
    with pytest.raises(InputError, match="target_return is inf"):
        solve_quadratic(problem, QuadraticObjective.MIN_VARIANCE, target_return=math.inf)


def test_all_negative_means_are_cash_for_a_ratio_and_for_mean_variance() -> None:
    problem = replace(problem_of(fat_tailed(6, 250, 4)), expected_returns=np.full(4, -0.05))
    for objective in (QuadraticObjective.MAX_SHARPE, QuadraticObjective.MEAN_VARIANCE):
        solution = solve_quadratic(problem, objective, **options(objective))
        assert not solution.weights.any()
        assert solution.sharpe is None
