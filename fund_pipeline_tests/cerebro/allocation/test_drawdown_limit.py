"""Allocations within a limit of the drawdown, against the whole linear programme."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from fund_pipeline.cerebro.allocation import Constraints, Problem, SolutionStatus, minimise_cvar, solve
from fund_pipeline.cerebro.drawdown import cdar
from fund_pipeline_tests.cerebro.allocation.test_ratio import fat, problem_of


def by_whole_programme(problem: Problem) -> float:
    """Chekhlov, Uryasev and Zabarankin's programme: a column for each day's peak and each day's excess drawdown."""
    values, asked = problem.scenarios.values, problem.constraints
    days, n = values.shape
    assert asked.max_cdar is not None
    eye, nothing, column = sparse.eye_array(days), sparse.coo_array((days, n)), -np.ones((days, 1))
    total, later = np.cumsum(values, axis=0), sparse.diags_array([1.0, -1.0], offsets=[-1, 0], shape=(days, days))
    share = 1.0 / ((1.0 - asked.cdar_beta) * days)
    # Columns: weights, peaks, excess, level.
    rows = [
        sparse.hstack([total, -eye, sparse.coo_array((days, days)), np.zeros((days, 1))]),
        sparse.hstack([nothing, later, sparse.coo_array((days, days)), np.zeros((days, 1))]),
        sparse.hstack([-total, eye, -eye, column]),
        np.concatenate([np.zeros(n + days), np.full(days, share), [1.0]])[None, :],
        np.concatenate([np.ones(n), np.zeros(2 * days + 1)])[None, :],
    ]
    bounds = [(0.0, asked.max_weight)] * n + [(0.0, None)] * (2 * days) + [(None, None)]
    found = linprog(
        -np.concatenate([problem.expected_returns, np.zeros(2 * days + 1)]),
        A_ub=sparse.vstack([sparse.csr_array(row) for row in rows]),
        b_ub=np.concatenate([np.zeros(3 * days), [asked.max_cdar, asked.max_leverage]]),
        bounds=bounds,
    )
    assert found.status == 0
    return float(-found.fun)


@pytest.mark.parametrize("beta", [0.8, 0.95, 1.0 - 1e-6])
@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_the_cuts_reach_the_optimum_of_the_whole_programme(beta: float, share: float) -> None:
    for seed in range(3):
        free = Constraints(cvar_limit=None, margin_cap=None, cdar_beta=beta)
        problem = problem_of(fat(seed, days=250), free)
        limit = share * solve(problem).found().cdar
        limited = replace(problem, constraints=replace(free, max_cdar=limit))
        found = solve(limited)
        assert found.certificate is not None
        assert cdar(problem.scenarios.values @ found.weights, beta) <= limit
        assert found.certificate.bound == pytest.approx(by_whole_programme(limited), rel=1e-7), seed
        assert found.certificate.relative_gap is not None
        assert found.certificate.relative_gap <= 1e-8


def test_its_shadow_price_is_the_slope_of_the_optimum() -> None:
    free = Constraints(cvar_limit=0.012, margin_cap=None)
    problem = problem_of(fat(1), free)
    limit = 0.6 * solve(problem).found().cdar

    def best(at: float) -> float:
        certificate = solve(replace(problem, constraints=replace(free, max_cdar=at))).certificate
        assert certificate is not None
        assert certificate.bound is not None
        return certificate.bound

    certificate = solve(replace(problem, constraints=replace(free, max_cdar=limit))).certificate
    assert certificate is not None
    price = {binding.name: binding.shadow_price for binding in certificate.binding}["max_cdar"]
    step = 1e-5 * limit
    assert (best(limit + step) - best(limit - step)) / (2 * step) == pytest.approx(price, rel=1e-3)


def test_with_a_budget_it_is_met_or_named_among_what_contradicts() -> None:
    invested = Constraints(cvar_limit=None, margin_cap=None, budget=1.0)
    problem = problem_of(fat(4), invested)
    least = minimise_cvar(problem).found().cdar
    met = solve(replace(problem, constraints=replace(invested, max_cdar=least)))
    assert met.status is SolutionStatus.OPTIMAL
    assert met.portfolio is not None
    assert met.portfolio.cdar <= least + 1e-9
    impossible = solve(replace(problem, constraints=replace(invested, max_cdar=least / 50)))
    assert impossible.status is SolutionStatus.INFEASIBLE
    assert f"max_cdar = {least / 50:g}" in impossible.conflicts
    assert "budget = 1" in impossible.conflicts


def test_no_drawdown_at_all_leaves_cash() -> None:
    found = solve(problem_of(fat(4), Constraints(margin_cap=None, max_cdar=0.0)))
    assert found.weights.tolist() == [0.0] * 6
