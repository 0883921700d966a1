"""The efficient frontier starts where it should and passes through the optimum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import Constraints, FrontierPoint, Problem, efficient_frontier, solve
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InfeasibleError, InputError


def problem_of(matrix: ReturnsMatrix, constraints: Constraints, sign: float = 1.0) -> Problem:
    n = len(matrix.strategies)
    expected = matrix.values.mean(axis=0) * 252
    return Problem(matrix, expected if sign > 0 else -np.abs(expected), np.full(n, 0.5), np.zeros(n), constraints)


@pytest.fixture(scope="module")
def matrix(sample: Any) -> ReturnsMatrix:
    common: ReturnsMatrix = sample.matrix.common_window()
    return common


@pytest.fixture(scope="module")
def frontier(matrix: ReturnsMatrix) -> tuple[FrontierPoint, ...]:
    return efficient_frontier(problem_of(matrix, Constraints()), points=12)


def test_the_frontier_starts_in_cash_and_rises(frontier: tuple[FrontierPoint, ...]) -> None:
    assert len(frontier) == 12
    assert (frontier[0].cvar, frontier[0].expected_return_annual) == (0.0, 0.0)
    assert (np.diff([point.cvar for point in frontier]) > 0.0).all()
    assert (np.diff([point.expected_return_annual for point in frontier]) > 0.0).all()


def test_the_optimum_lies_on_the_frontier(matrix: ReturnsMatrix, frontier: tuple[FrontierPoint, ...]) -> None:
    point = frontier[6]
    best = solve(problem_of(matrix, Constraints(cvar_limit=point.cvar)))
    assert best.expected_return_annual == pytest.approx(point.expected_return_annual, rel=1e-6)


def test_a_full_budget_starts_at_the_least_possible_cvar(matrix: ReturnsMatrix) -> None:
    points = efficient_frontier(problem_of(matrix, Constraints(budget=1.0, margin_cap=None)), points=4)
    assert points[0].cvar > 0.0
    assert all(point.weights.sum() == pytest.approx(1.0) for point in points)


def test_where_no_risk_is_rewarded_the_frontier_is_one_point(matrix: ReturnsMatrix) -> None:
    (only,) = efficient_frontier(problem_of(matrix, Constraints(), sign=-1.0))
    assert not only.weights.any()


def test_contradictory_limits_have_no_frontier(matrix: ReturnsMatrix) -> None:
    with pytest.raises(InfeasibleError, match="min_weight"):
        efficient_frontier(problem_of(matrix, Constraints(min_weight=0.4)))


def test_a_frontier_of_one_point_is_refused(matrix: ReturnsMatrix) -> None:
    with pytest.raises(InputError, match="points is 1"):
        efficient_frontier(problem_of(matrix, Constraints()), points=1)
