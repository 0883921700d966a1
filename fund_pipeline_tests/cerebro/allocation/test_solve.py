"""The allocation against published answers, its certificate, and the limits it obeys to the last digit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, qmc

from fund_pipeline.cerebro.allocation import (
    Cluster,
    Constraints,
    Problem,
    Solution,
    SolutionStatus,
    minimise_cvar,
    solve,
)
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InfeasibleError

seeds = st.integers(0, 10_000)


def problem_of(
    values: np.ndarray, constraints: Constraints, expected: np.ndarray | None = None, current: np.ndarray | None = None
) -> Problem:
    rows, columns = values.shape
    return Problem(
        scenarios=ReturnsMatrix(
            np.datetime64("2015-01-01") + np.arange(rows), tuple(f"S{i}" for i in range(columns)), values
        ),
        expected_returns=values.mean(axis=0) * 252 if expected is None else expected,
        margins=np.linspace(0.2, 0.8, columns),
        current_weights=np.zeros(columns) if current is None else current,
        constraints=constraints,
    )


def random_problem(seed: int, constraints: Constraints | None = None) -> Problem:
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(2, 7))
    common = rng.normal(0.0, 0.006, (250, 1)) * rng.normal(0.5, 1.0, columns)
    values = common + rng.standard_t(4, (250, columns)) * rng.uniform(0.002, 0.01, columns)
    return problem_of(
        values, constraints or Constraints(), rng.normal(0.06, 0.08, columns), np.round(rng.uniform(0, 0.3, columns), 8)
    )


@pytest.fixture(scope="module")
def sample_problem(sample: Any) -> Problem:
    common = sample.matrix.common_window()
    names = common.strategies
    return Problem(
        scenarios=common,
        expected_returns=common.values.mean(axis=0) * 252,
        margins=np.array([np.nanmax(sample.margin_use[name]) for name in names]),
        current_weights=np.zeros(len(names)),
        constraints=Constraints(),
    )


@pytest.fixture(scope="module")
def sample_solution(sample_problem: Problem) -> Solution:
    return solve(sample_problem)


def assert_obeys_all(problem: Problem, solution: Solution) -> None:
    limits, weights = problem.constraints, solution.weights
    assert (weights >= limits.min_weight).all()
    assert (weights <= limits.max_weight).all()
    assert sum(sorted(weights)) <= limits.max_leverage
    if limits.cvar_limit is not None:
        assert cvar(problem.scenarios.values @ weights, limits.beta) <= limits.cvar_limit
    if limits.margin_cap is not None:
        assert float(problem.margins @ weights) <= limits.margin_cap + 1e-15
    for cluster in limits.clusters:
        members = [problem.scenarios.strategies.index(name) for name in cluster.members]
        assert weights[members].sum() <= cluster.cap + 1e-15
    if limits.max_turnover is not None:
        assert np.abs(weights - problem.current_weights).sum() <= limits.max_turnover + 1e-15
    np.testing.assert_allclose(weights, np.round(weights, 8), rtol=0.0, atol=1e-16)


def test_the_least_cvar_of_three_assets_is_rockafellar_and_uryasevs() -> None:
    """Worked example 1 (Rockafellar & Uryasev 2000, section 4): CVaR .115908 at beta .95, return .011 a month."""
    mean = np.array([0.0101110, 0.0043532, 0.0137058])
    covariance = np.array(
        [
            [0.00324625, 0.00022983, 0.00420395],
            [0.00022983, 0.00049937, 0.00019247],
            [0.00420395, 0.00019247, 0.00764097],
        ]
    )
    uniform = qmc.Sobol(3, scramble=True, rng=1).random(32768)
    scenarios = mean + norm.ppf(uniform) @ np.linalg.cholesky(covariance).T
    constraints = Constraints(beta=0.95, cvar_limit=None, margin_cap=None, max_weight=1.0, budget=1.0)
    found = minimise_cvar(problem_of(scenarios, constraints, expected=mean), target_return=0.011)
    assert found.cvar == pytest.approx(0.115908, rel=5e-4)
    assert found.var == pytest.approx(0.090200, rel=5e-3)
    np.testing.assert_allclose(found.weights, [0.452013, 0.115573, 0.432414], atol=5e-3)
    assert found.expected_return_annual == pytest.approx(0.011, abs=1e-12)


def test_the_two_cvar_problems_are_dual(sample_problem: Problem) -> None:
    """Worked example 2 (Krokhmal, Palmquist & Uryasev 2002): the least CVaR at the most return within L is L."""
    for limit in (0.004, 0.008, 0.012):
        bounded = replace(sample_problem, constraints=replace(sample_problem.constraints, cvar_limit=limit))
        most = solve(bounded)
        assert most.certificate is not None
        least = minimise_cvar(bounded, most.certificate.bound * (1.0 - 1e-12))
        assert least.cvar == pytest.approx(limit, rel=1e-8)


def test_the_sample_allocation_is_held_back_by_cvar_and_margin(sample_solution: Solution) -> None:
    assert sample_solution.status is SolutionStatus.OPTIMAL
    assert sample_solution.certificate is not None
    assert [b.name for b in sample_solution.certificate.binding] == ["cvar_limit", "margin_cap"]
    assert sample_solution.cvar == pytest.approx(0.01, rel=1e-6)
    assert sample_solution.margin == pytest.approx(0.35, rel=1e-6)
    assert sample_solution.expected_return_annual == pytest.approx(0.054554, abs=1e-6)


def test_the_sample_allocation_is_certified(sample_problem: Problem, sample_solution: Solution) -> None:
    certificate = sample_solution.certificate
    assert certificate is not None
    assert certificate.relative_gap <= 1e-8
    assert certificate.rounding_cost < 1e-7
    assert sample_solution.expected_return_annual <= certificate.bound
    assert certificate.cvar_recomputed == cvar(sample_problem.scenarios.values @ sample_solution.weights, 0.95)
    assert_obeys_all(sample_problem, sample_solution)


def test_a_shadow_price_predicts_what_a_wider_limit_gives(sample_problem: Problem, sample_solution: Solution) -> None:
    assert sample_solution.certificate is not None
    for binding in sample_solution.certificate.binding:
        wider = getattr(sample_problem.constraints, binding.name) + 1e-5
        moved = solve(replace(sample_problem, constraints=replace(sample_problem.constraints, **{binding.name: wider})))
        gain = moved.expected_return_annual - sample_solution.expected_return_annual
        assert gain == pytest.approx(binding.shadow_price * 1e-5, rel=0.05)


@given(seeds)
@settings(max_examples=40)
def test_every_allocation_obeys_every_limit_exactly(seed: int) -> None:
    limits = Constraints(cvar_limit=0.006, clusters=(Cluster("pair", ("S0", "S1"), 0.3),), max_turnover=0.9)
    problem = random_problem(seed, limits)
    solution = solve(problem)
    if solution.status is SolutionStatus.OPTIMAL:
        assert_obeys_all(problem, solution)
        assert limits_of(problem).broken_by(solution.weights) == ()


@given(seeds)
@settings(max_examples=25)
def test_no_random_portfolio_within_the_limits_beats_the_bound(seed: int) -> None:
    problem = random_problem(seed)
    solution = solve(problem)
    assert solution.certificate is not None
    rng = np.random.default_rng(seed)
    for _ in range(50):
        weights = rng.dirichlet(np.full(len(problem.margins), 0.5)) * rng.uniform(0.0, 2.0)
        if not limits_of(problem).broken_by(weights):
            assert problem.expected_returns @ weights <= solution.certificate.bound + 1e-12


def test_nothing_worth_holding_leaves_all_in_cash() -> None:
    problem = random_problem(3)
    solution = solve(replace(problem, expected_returns=-np.abs(problem.expected_returns) - 0.01))
    assert solution.status is SolutionStatus.OPTIMAL
    assert not solution.weights.any()
    assert (solution.cvar, solution.leverage, solution.sharpe) == (0.0, 0.0, None)
    assert solution.certificate is not None
    assert solution.certificate.bound == 0.0


def test_no_turnover_allowed_keeps_the_current_weights_to_the_last_digit() -> None:
    problem = random_problem(4)
    current = np.array([0.1, 0.2, 0.05, 1 / 3, 0.0, 0.125])[: len(problem.margins)]
    limits = Constraints(cvar_limit=None, margin_cap=None, max_turnover=0.0)
    solution = solve(replace(problem, current_weights=current, constraints=limits))
    assert np.array_equal(solution.weights, current)


def test_a_turnover_cap_that_cannot_reach_the_cvar_limit_names_both() -> None:
    problem = random_problem(5, Constraints(cvar_limit=0.001, margin_cap=None, max_turnover=0.01))
    heavy = replace(problem, current_weights=np.full(len(problem.margins), 0.3))
    solution = solve(heavy)
    assert solution.status is SolutionStatus.INFEASIBLE
    assert solution.conflicts == ("cvar_limit = 0.001", "max_turnover = 0.01")


@pytest.mark.parametrize(
    ("limits", "conflicts"),
    [
        ({"min_weight": 0.6}, ("max_weight = 0.5", "min_weight = 0.6")),
        ({"min_weight": 0.5, "max_leverage": 0.9}, ("max_leverage = 0.9", "min_weight = 0.5")),
        ({"budget": 1.5, "max_leverage": 1.0}, ("max_leverage = 1", "budget = 1.5")),
        ({"budget": 1.0, "max_weight": 0.1}, ("budget = 1", "max_weight = 0.1")),
    ],
)
def test_limits_that_contradict_each_other_are_named_and_no_others(
    limits: dict[str, float], conflicts: tuple[str, ...]
) -> None:
    solution = solve(random_problem(6, Constraints(**{"cvar_limit": None, "margin_cap": None} | limits)))
    assert solution.status is SolutionStatus.INFEASIBLE
    assert set(solution.conflicts) == set(conflicts)


@given(seeds)
@settings(max_examples=20)
def test_a_conflict_is_minimal(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(
        seed,
        Constraints(
            cvar_limit=0.002, max_leverage=float(rng.uniform(0.3, 1.0)), budget=0.9, max_turnover=0.2, margin_cap=0.2
        ),
    )
    solution = solve(problem)
    if solution.status is SolutionStatus.OPTIMAL:
        return
    names = [conflict.split(" = ")[0] for conflict in solution.conflicts]
    loosened = {"cvar_limit": None, "max_leverage": 99.0, "budget": None, "max_turnover": None, "margin_cap": None}
    loosened |= {"max_weight": 99.0}
    alone = {name: loosened[name] for name in loosened if name not in names}
    assert solve(replace(problem, constraints=replace(problem.constraints, **alone))).status == "INFEASIBLE"
    for name in names:
        without = replace(problem.constraints, **alone, **{name: loosened[name]})
        assert solve(replace(problem, constraints=without)).status == "OPTIMAL"


def test_reading_weights_of_an_infeasible_answer_names_the_conflict() -> None:
    solution = solve(random_problem(7, Constraints(min_weight=0.6)))
    with pytest.raises(InfeasibleError, match=r"min_weight = 0\.6"):
        _ = solution.weights


def test_a_return_out_of_reach_is_infeasible_and_names_the_target() -> None:
    solution = minimise_cvar(random_problem(8), target_return=10.0)
    assert solution.status is SolutionStatus.INFEASIBLE
    assert any(conflict.startswith("target_return") for conflict in solution.conflicts)
