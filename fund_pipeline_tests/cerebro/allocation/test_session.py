"""A session answers as well as a new start, whatever was asked before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import (
    Constraints,
    Problem,
    Session,
    SolutionStatus,
    efficient_frontier,
    minimise_cvar,
    solve,
)
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline_tests.cerebro.allocation.test_engine import fat_tailed


@pytest.fixture(scope="module")
def problem() -> Problem:
    values = fat_tailed(500, 30, seed=8)
    names = tuple(f"S{i}" for i in range(30))
    return Problem(
        ReturnsMatrix(np.datetime64("2001-01-01") + np.arange(500), names, values),
        values.mean(axis=0) * 252,
        np.linspace(0.1, 0.6, 30),
        np.round(np.linspace(0.0, 0.05, 30), 3),
        Constraints(cvar_limit=0.012),
    )


def with_limits(problem: Problem, **changes: Any) -> Problem:
    return replace(problem, constraints=replace(problem.constraints, **changes))


def assert_same(session: Session, problem: Problem) -> None:
    warm, cold = session.solve(problem), solve(problem)
    assert warm.status is cold.status
    if cold.status is SolutionStatus.OPTIMAL:
        assert warm.fallbacks == ()
        assert warm.expected_return_annual == pytest.approx(cold.expected_return_annual, rel=1e-7)
        assert warm.certificate is not None
        assert cold.certificate is not None
        assert warm.certificate.bound == pytest.approx(cold.certificate.bound, rel=1e-10)


def test_moved_means_and_limits_are_solved_as_if_new(problem: Problem) -> None:
    rng = np.random.default_rng(4)
    session = Session()
    for _ in range(25):
        means = problem.expected_returns * rng.uniform(0.95, 1.05, 30)
        limit = 0.012 * float(rng.uniform(0.9, 1.1))
        assert_same(session, with_limits(replace(problem, expected_returns=means), cvar_limit=limit))


def test_a_slider_may_go_to_its_ends_and_back(problem: Problem) -> None:
    session = Session()
    for limit in (0.012, 1e-5, 0.05, 0.0005, 0.02, 0.0, 0.012):
        assert_same(session, with_limits(problem, cvar_limit=limit))


def test_every_limit_may_change_between_questions(problem: Problem) -> None:
    session = Session()
    for changes in (
        {"max_leverage": 1.0},
        {"max_leverage": 0.5, "margin_cap": 0.2},
        {"margin_cap": None},
        {"max_weight": 0.1},
        {"max_turnover": 0.6},
        {"max_turnover": 0.9},
        {"budget": 1.0, "cvar_limit": 0.02},
        {"budget": 0.7, "cvar_limit": 0.02},
        {"min_weight": 0.005},
        {"cvar_limit": None},
        {"beta": 0.9},
        {},
    ):
        assert_same(session, with_limits(problem, **changes))


def test_a_question_without_an_answer_does_not_spoil_the_next(problem: Problem) -> None:
    session = Session()
    session.solve(problem)
    impossible = session.solve(with_limits(problem, cvar_limit=0.0001, budget=1.0))
    assert impossible.status is SolutionStatus.INFEASIBLE
    assert_same(session, problem)


def test_other_scenarios_are_noticed(problem: Problem) -> None:
    session = Session()
    session.solve(problem)
    turned = replace(problem.scenarios, values=problem.scenarios.values[:, ::-1].copy())
    assert_same(session, replace(problem, scenarios=turned))


def test_the_least_cvar_for_rising_targets_is_as_if_new(problem: Problem) -> None:
    session = Session()
    for target in (0.05, 0.1, 0.15, 0.1):
        warm, cold = session.minimise_cvar(problem, target), minimise_cvar(problem, target)
        assert warm.cvar == pytest.approx(cold.cvar, rel=1e-8)


def test_each_point_of_the_frontier_is_what_a_new_start_finds(problem: Problem) -> None:
    points = efficient_frontier(problem, 15)
    assert len(points) == 15
    for point in points[1:]:
        assert point.fallbacks == ()
        alone = solve(with_limits(problem, cvar_limit=point.cvar))
        assert alone.certificate is not None
        assert point.expected_return_annual == pytest.approx(alone.certificate.bound, rel=1e-8)
