"""Which way answered is never hidden, and no way is believed without proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import SolutionStatus, lp, peer, solve
from fund_pipeline.cerebro.allocation.fast import engine as fast
from fund_pipeline.cerebro.allocation.fast.engine import Declined, Engine
from fund_pipeline.cerebro.allocation.ladder import answer
from fund_pipeline.cerebro.allocation.limits import Limits, limits_of
from fund_pipeline.cerebro.allocation.lp import Aim, Vertex
from fund_pipeline_tests.cerebro.allocation.instances import random_instance

LIMITS = limits_of(random_instance(6))


class Weary(Engine):
    """An engine that gives up."""

    def optimise(self, limits: Limits, aim: Aim) -> Vertex | Declined:
        return Declined.FAILED


class Greedy(Engine):
    """An engine whose weights are too large."""

    def optimise(self, limits: Limits, aim: Aim) -> Vertex | Declined:
        found = super().optimise(limits, aim)
        assert isinstance(found, Vertex)
        return replace(found, weights=np.minimum(found.weights * 1.01, limits.upper))


class Unsure(Engine):
    """An engine whose prices prove nothing."""

    def optimise(self, limits: Limits, aim: Aim) -> Vertex | Declined:
        found = super().optimise(limits, aim)
        assert isinstance(found, Vertex)
        prices = replace(found.multipliers, rows=found.multipliers.rows + 100.0)
        return replace(found, multipliers=prices)


class Lost(Engine):
    """An engine whose arithmetic broke down."""

    def optimise(self, limits: Limits, aim: Aim) -> Vertex | Declined:
        found = super().optimise(limits, aim)
        assert isinstance(found, Vertex)
        prices = replace(found.multipliers, scenarios=found.multipliers.scenarios * np.nan)
        return replace(found, multipliers=prices)


def test_the_fast_engine_answers_and_says_so() -> None:
    found = answer(LIMITS, Aim.MOST_RETURN, Engine())
    assert (found.solver, found.fallbacks) == (fast.SOLVER, ())
    assert found.proved is not None
    assert found.proved.relative_gap <= 1e-10


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (Weary(), "simplex did not finish"),
        (Greedy(), "the weights of the fast engine break max_leverage"),
        (Unsure(), "from its bound"),
        (Lost(), "from its bound"),
    ],
)
def test_an_engine_that_cannot_be_believed_is_left_and_the_plain_programme_answers(engine: Engine, reason: str) -> None:
    found = answer(LIMITS, Aim.MOST_RETURN, engine)
    assert found.solver == lp.SOLVER
    assert len(found.fallbacks) == 1
    assert reason in found.fallbacks[0]
    assert found.proved is not None
    best = answer(LIMITS, Aim.MOST_RETURN, Engine()).proved
    assert best is not None
    assert found.proved.objective == pytest.approx(best.objective, rel=1e-9)


def test_only_the_plain_programme_says_that_there_is_no_answer() -> None:
    problem = random_instance(6)
    solution = solve(replace(problem, constraints=replace(problem.constraints, min_weight=0.9, max_weight=0.5)))
    assert solution.status is SolutionStatus.INFEASIBLE
    assert solution.solver == lp.SOLVER
    assert solution.fallbacks == ("the fast engine found no weights within the limits",)


def test_a_solution_carries_its_solver_and_why_others_were_left() -> None:
    solution = solve(random_instance(6))
    assert solution.solver == fast.SOLVER
    assert solution.fallbacks == ()
    assert solution.allocator == "cvar-engine 2.1"


@pytest.mark.parametrize("seed", [6, 0, 21])
def test_pyportfolioopt_in_last_place_proves_the_same_optimum(seed: int) -> None:
    limits = replace(limits_of(random_instance(seed)), trade_price=0.0)
    found = peer.optimise(limits, Aim.MOST_RETURN)
    assert isinstance(found, Vertex)

    class Borrowed(Engine):
        def optimise(self, limits: Limits, aim: Aim) -> Vertex | Declined:
            assert isinstance(found, Vertex)
            return found

    borrowed = answer(limits, Aim.MOST_RETURN, Borrowed())
    assert borrowed.fallbacks == ()
    own = answer(limits, Aim.MOST_RETURN, Engine())
    assert borrowed.proved is not None
    assert own.proved is not None
    assert borrowed.proved.objective == pytest.approx(own.proved.objective, rel=1e-8)


def test_pyportfolioopt_is_not_asked_what_it_cannot_say() -> None:
    assert "trades" in str(peer.optimise(replace(LIMITS, turnover=0.5), Aim.MOST_RETURN))
    assert "most return" in str(peer.optimise(LIMITS, Aim.LEAST_CVAR))


@pytest.mark.parametrize("seed", [63, 134, 173])
def test_a_hedge_that_gains_without_bound_once_caps_are_lifted_is_no_obstacle_to_naming_conflicts(seed: int) -> None:
    solution = solve(random_instance(seed))
    assert solution.status is SolutionStatus.INFEASIBLE
    assert solution.conflicts


@pytest.mark.parametrize("block", range(4))
def test_whole_solutions_of_random_problems_are_finite_and_within_every_limit(block: int) -> None:
    for seed in range(3000 + 30 * block, 3030 + 30 * block):
        problem = random_instance(seed, 250, 10)
        solution = solve(problem)
        if solution.status is SolutionStatus.INFEASIBLE:
            assert solution.conflicts, seed
            continue
        assert solution.fallbacks == (), seed
        assert limits_of(problem).broken_by(solution.weights, 1e-9) == (), seed
        portfolio, certificate = solution.portfolio, solution.certificate
        assert portfolio is not None
        assert certificate is not None
        figures = (
            portfolio.cvar,
            portfolio.var,
            portfolio.volatility_annual,
            certificate.bound,
            certificate.rounding_cost,
        )
        assert np.isfinite(figures).all(), seed
        assert portfolio.expected_return_annual - portfolio.trading_cost <= certificate.bound + 1e-12, seed
