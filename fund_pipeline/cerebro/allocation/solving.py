"""The two questions an allocation answers: the most return within a CVaR limit, and the least CVaR for a return."""

from __future__ import annotations

import math
from dataclasses import replace

from fund_pipeline.cerebro.allocation.binding import binding_constraints
from fund_pipeline.cerebro.allocation.bound import DualBound, dual_bound
from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.limits import Limits, limits_of
from fund_pipeline.cerebro.allocation.lp import SOLVER, Aim, Vertex, optimise
from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.allocation.rounding import storable_weights
from fund_pipeline.cerebro.allocation.solution import Certificate, Portfolio, Solution, SolutionStatus
from fund_pipeline.cerebro.cvar import cvar, var
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats
from fund_pipeline.errors import InputError, InvariantError

ALLOCATOR = "cvar-lp 1.0"
"""Name and version of the method; a change that could change an answer changes the version."""

GREATEST_GAP = 1e-8
"""Relative gap between optimum and bound above which an answer is not given."""

_LEAST_SCALE = 1e-4


def solve(problem: Problem) -> Solution:
    """Weights with the greatest expected annual return within the constraints; cash (0) if nothing is worth holding.

    The returned weights have at most 8 decimals and meet every limit without tolerance, but for a budget (1e-12) and
    limits that leave a single choice (see `storable_weights`); all figures are recomputed from them. The certificate's
    bound proves the optimum.

    Raises
    ------
    InvariantError : the bound does not prove the optimum to a relative gap of 1e-8, or rounding failed.
    """
    limits = limits_of(problem)
    vertex = optimise(limits, Aim.MOST_RETURN)
    if vertex is None:
        return _infeasible(problem, limits)
    weights = storable_weights(limits, vertex.weights)
    return _solution(problem, limits, Aim.MOST_RETURN, vertex, weights)


def minimise_cvar(problem: Problem, target_return: float) -> Solution:
    """Weights with the least CVaR whose expected annual return is at least the target.

    The problem's own cvar_limit is not applied, for CVaR is what is minimised. Weights are not rounded: they meet the
    limits to the solver's tolerance, 1e-10.

    Parameters
    ----------
    target_return : decimal a year.

    Raises
    ------
    InputError : a target that is not a number. InvariantError as for `solve`.
    """
    if not math.isfinite(target_return):
        raise InputError(f"target_return is {target_return}, expected a number")
    limits = replace(limits_of(problem), cvar_limit=None, target_return=target_return)
    vertex = optimise(limits, Aim.LEAST_CVAR)
    if vertex is None:
        return _infeasible(problem, limits)
    return _solution(problem, limits, Aim.LEAST_CVAR, vertex, vertex.weights)


def portfolio_of(problem: Problem, weights: Floats) -> Portfolio:
    """What the given weights (N,) amount to on the problem's scenarios."""
    returns = problem.scenarios.values @ weights
    expected = math.fsum(problem.expected_returns * weights)
    volatility = float(returns.std(ddof=1)) * math.sqrt(TRADING_DAYS) if returns.min() < returns.max() else 0.0
    return Portfolio(
        weights=weights,
        expected_return_annual=expected,
        volatility_annual=volatility,
        sharpe=expected / volatility if volatility > 0.0 else None,
        var=var(returns, problem.constraints.beta),
        cvar=cvar(returns, problem.constraints.beta),
        leverage=math.fsum(weights),
        margin=math.fsum(problem.margins * weights),
    )


def _solution(problem: Problem, limits: Limits, aim: Aim, vertex: Vertex, weights: Floats) -> Solution:
    bound = dual_bound(limits, aim, vertex.multipliers)
    reached = _objective(limits, aim, vertex.weights)
    gap = _relative_gap(bound, reached)
    if gap > GREATEST_GAP:
        raise InvariantError(
            f"the optimum {reached} is {gap:.1e} from its bound {bound.value}, more than {GREATEST_GAP}"
        )
    portfolio = portfolio_of(problem, weights)
    return Solution(
        status=SolutionStatus.OPTIMAL,
        strategies=problem.scenarios.strategies,
        portfolio=portfolio,
        certificate=Certificate(
            cvar_recomputed=portfolio.cvar,
            bound=bound.value,
            relative_gap=gap,
            rounding_cost=abs(reached - _objective(limits, aim, weights)),
            binding=binding_constraints(
                limits, problem.scenarios.strategies, aim, vertex.weights, vertex.multipliers, bound
            ),
        ),
        conflicts=(),
        solver=SOLVER,
        allocator=ALLOCATOR,
    )


def _objective(limits: Limits, aim: Aim, weights: Floats) -> float:
    if aim is Aim.LEAST_CVAR:
        return cvar(limits.returns @ weights, limits.beta)
    return math.fsum(limits.expected * weights)


def _relative_gap(bound: DualBound, reached: float) -> float:
    return abs(bound.value - reached) / max(abs(bound.value), _LEAST_SCALE)


def _infeasible(problem: Problem, limits: Limits) -> Solution:
    return Solution(
        status=SolutionStatus.INFEASIBLE,
        strategies=problem.scenarios.strategies,
        portfolio=None,
        certificate=None,
        conflicts=conflicting(limits),
        solver=SOLVER,
        allocator=ALLOCATOR,
    )
