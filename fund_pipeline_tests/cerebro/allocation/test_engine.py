"""The fast engine is exact: on every kind of random problem it agrees with the plain programme, and proves it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import Constraints, Problem
from fund_pipeline.cerebro.allocation.fast.cutting import approach
from fund_pipeline.cerebro.allocation.fast.engine import Declined, Engine
from fund_pipeline.cerebro.allocation.fast.interior import central
from fund_pipeline.cerebro.allocation.fast.partition import Partition, days_near
from fund_pipeline.cerebro.allocation.fast.tail import Tail
from fund_pipeline.cerebro.allocation.limits import Limits, limits_of
from fund_pipeline.cerebro.allocation.lp import Aim, Vertex, optimise
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline_tests.cerebro.allocation.campaign import compare_all
from fund_pipeline_tests.cerebro.allocation.comparison import compare
from fund_pipeline_tests.cerebro.allocation.instances import random_instance

INSTANCES, BLOCKS = 96, 8


def fat_tailed(days: int, strategies: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factors = 0.006 * rng.standard_t(4, (days, 3)) @ rng.normal(0.0, 0.6, (3, strategies))
    noise = 0.008 * rng.standard_t(4, (days, strategies)) * rng.uniform(0.5, 1.5, strategies)
    return factors + noise + rng.normal(3e-4, 4e-4, strategies)


def limits_at(values: np.ndarray, share: float, **constraints: Any) -> Limits:
    """Limits whose CVaR limit is a share of the CVaR of the most return."""
    days, strategies = values.shape
    matrix = ReturnsMatrix(
        np.datetime64("2000-01-01") + np.arange(days), tuple(f"S{i}" for i in range(strategies)), values
    )
    none = np.zeros(strategies)
    asked = Constraints(cvar_limit=None, margin_cap=None, **constraints)
    limits = limits_of(Problem(matrix, values.mean(axis=0) * 252, none, none, asked))
    most = optimise(limits, Aim.MOST_RETURN)
    assert most is not None
    return replace(limits, cvar_limit=share * cvar(values @ most.weights, limits.beta))


@pytest.fixture(scope="module")
def crowd() -> np.ndarray:
    return fat_tailed(600, 60)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_engine_new_and_warm_agrees_with_the_plain_programme_on_random_problems(block: int) -> None:
    size = INSTANCES // BLOCKS
    for seed in range(block * size, (block + 1) * size):
        for question, found in compare_all(seed, 250, 10):
            assert not found.faults, f"seed {seed}, {question}: {found.faults}"


def test_the_random_problems_are_of_every_kind() -> None:
    problems = [random_instance(seed, 250, 10) for seed in range(INSTANCES)]
    limits = [problem.constraints for problem in problems]
    assert sum(len(problem.margins) == 1 for problem in problems) >= 3
    assert sum(bool((problem.expected_returns <= 0.0).all()) for problem in problems) >= 3
    assert sum(bool((problem.scenarios.values.std(axis=0) == 0.0).any()) for problem in problems) >= 3
    for name in ("margin_cap", "max_turnover", "budget", "cvar_limit"):
        given = [getattr(asked, name) is not None for asked in limits]
        assert sum(given) >= 3
        assert not all(given)
    assert sum(asked.min_weight > 0.0 for asked in limits) >= 3
    assert sum(bool(asked.clusters) for asked in limits) >= 3
    assert len({asked.beta for asked in limits}) == 6


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1, 0.3, 0.7, 0.99, 1.0, 3.0])
def test_few_or_many_held_the_optimum_is_the_same(crowd: np.ndarray, share: float) -> None:
    found = compare(limits_at(crowd, share), Aim.MOST_RETURN)
    assert found.feasible
    assert not found.faults


def test_where_many_are_held_cuts_give_up_and_the_interior_point_comes_near(crowd: np.ndarray) -> None:
    limits = limits_at(crowd, 0.02)
    tail = Tail(limits.returns, limits.beta)
    cut = approach(limits, Aim.MOST_RETURN, tail)
    centre = central(limits, Aim.MOST_RETURN, tail)
    exact = optimise(limits, Aim.MOST_RETURN)
    assert cut is not None
    assert centre is not None
    assert exact is not None
    best = float(limits.expected @ exact.weights)
    assert cut.gap > 0.2
    assert float(limits.expected @ centre.weights) == pytest.approx(best, rel=0.01)
    assert cvar(limits.returns @ centre.weights, limits.beta) <= limits.cvar_limit * 1.01
    assert (centre.held >= (exact.weights > 0.01 * exact.weights.max())).all()


@pytest.mark.parametrize(
    "asked",
    [{"budget": 1.0}, {"min_weight": 0.002}, {"budget": 0.8, "min_weight": 0.001}],
)
def test_the_interior_point_knows_budgets_and_floors(crowd: np.ndarray, asked: dict[str, float]) -> None:
    limits = limits_at(crowd, 0.5, **asked)
    centre = central(limits, Aim.MOST_RETURN, Tail(limits.returns, limits.beta))
    exact = optimise(limits, Aim.MOST_RETURN)
    assert centre is not None
    assert exact is not None
    assert limits.expected @ centre.weights == pytest.approx(limits.expected @ exact.weights, rel=0.02)
    assert not limits.broken_by(centre.weights, 1e-3)


def test_the_interior_point_leaves_turnover_to_others(crowd: np.ndarray) -> None:
    limits = replace(limits_at(crowd, 0.1), turnover=0.5)
    assert central(limits, Aim.MOST_RETURN, Tail(limits.returns, limits.beta)) is None


def test_any_partition_of_the_days_ends_at_the_optimum(crowd: np.ndarray) -> None:
    limits = limits_at(crowd, 0.3)
    exact = optimise(limits, Aim.MOST_RETURN)
    assert exact is not None
    tail = Tail(limits.returns, limits.beta)
    rng = np.random.default_rng(5)
    for _ in range(5):
        anywhere = rng.dirichlet(np.ones(60))
        single = days_near(tail.losses(anywhere), tail.whole, 20)
        partition = Partition(limits, Aim.MOST_RETURN, tail, anywhere, np.arange(3, dtype=np.int32), single)
        assert partition.solve().name == "OPTIMAL"
        assert partition.vertex().objective == pytest.approx(exact.objective, rel=1e-9)


def test_a_partition_that_is_moved_again_and_again_stays_small_and_exact(crowd: np.ndarray) -> None:
    limits = limits_at(crowd, 1.0)
    widest = limits.cvar_limit
    assert widest is not None
    engine, most = Engine(), 0
    for share in np.linspace(0.95, 0.03, 24):
        now = replace(limits, cvar_limit=float(share) * widest)
        assert not compare(now, Aim.MOST_RETURN, engine).faults
        partition = engine._partitions[Aim.MOST_RETURN]
        most = max(most, partition.days.size)
    assert most < 400


def test_a_limit_of_zero_leaves_cash_or_what_cannot_lose(crowd: np.ndarray) -> None:
    found = Engine().optimise(replace(limits_at(crowd, 1.0), cvar_limit=0.0), Aim.MOST_RETURN)
    assert isinstance(found, Vertex)
    assert not found.weights.any()


def test_floors_above_caps_are_declined_as_infeasible(crowd: np.ndarray) -> None:
    limits = limits_at(crowd, 0.5)
    assert Engine().optimise(replace(limits, lower=limits.upper + 0.1), Aim.MOST_RETURN) is Declined.INFEASIBLE


@pytest.mark.parametrize("beta", [0.8, 0.9, 0.95, 0.975, 0.99, 0.995])
def test_the_tail_of_the_engine_is_the_tail_of_the_definition(beta: float) -> None:
    values = fat_tailed(417, 9)
    tail = Tail(values, beta)
    rng = np.random.default_rng(2)
    for _ in range(10):
        weights = rng.dirichlet(np.full(9, 0.3)) * (rng.random(9) < 0.6)
        value, order = tail.cvar(tail.losses(weights))
        assert value / 1e4 == pytest.approx(cvar(values @ weights, beta), rel=1e-12, abs=1e-15)
        assert tail.gradient(order) @ weights == pytest.approx(value, rel=1e-12, abs=1e-12)
