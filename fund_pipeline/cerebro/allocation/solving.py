"""What an allocation is asked: most return within a CVaR limit, least CVaR for a return, most return per CVaR."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation.answering import answer
from fund_pipeline.cerebro.allocation.binding import RETURN, RISK, binding_constraints
from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.frontier import frontier_points
from fund_pipeline.cerebro.allocation.ladder import Answer, Proved, Way, objective_of
from fund_pipeline.cerebro.allocation.limits import Limits, limits_of, returns_of
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.allocation.ratio import best_ratio
from fund_pipeline.cerebro.allocation.ratio_solution import ratio_solution, ratio_without_answer
from fund_pipeline.cerebro.allocation.rounding import storable_weights
from fund_pipeline.cerebro.allocation.solution import (
    ALLOCATOR,
    Certificate,
    FrontierPoint,
    Portfolio,
    Solution,
    SolutionStatus,
)
from fund_pipeline.cerebro.cvar import cvar, var
from fund_pipeline.cerebro.drawdown import cdar
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats
from fund_pipeline.errors import InputError

LEAST_CVAR = "min-cvar"


class Session:
    """Solves one problem after another, each from where the last one ended.

    Warm when the scenarios are the same object and only expected returns or the values of limits change, as for a
    slider; with other days of the same matrix it starts near the last weights, as for a walk-forward. The scenarios
    must not be changed in place. Answers are as good as those of a new session; where several allocations are equally
    good it may give another one. Not for two threads at once.

    Parameters
    ----------
    first : the way of the ladder to begin with; another than the fast one is for comparisons.
    """

    def __init__(self, first: Way = Way.FAST) -> None:
        self._engine = Engine()
        self._first = first

    def _answer(self, limits: Limits, aim: Aim) -> Answer:
        return answer(limits, aim, self._engine, self._first)

    def solve(self, problem: Problem) -> Solution:
        """As the function `solve`."""
        limits = limits_of(problem)
        found = self._answer(limits, Aim.MOST_RETURN)
        if found.proved is None:
            return _infeasible(problem, limits, found)

        def again(stricter: Limits) -> Floats | None:
            proved = self._answer(stricter, Aim.MOST_RETURN).proved
            return proved.vertex.weights if proved else None

        # Where strategies had to be chosen, the choice stands, and with it the bounds that it led to.
        chosen = limits
        if limits.least_held is not None:
            chosen = replace(found.proved.limits, rows=limits.rows, drawdown=limits.drawdown)
        weights = storable_weights(chosen, found.proved.vertex.weights, again)
        return _solution(problem, limits, Aim.MOST_RETURN, found, found.proved, weights)

    def minimise_cvar(self, problem: Problem, target_return: float | None = None) -> Solution:
        """As the function `minimise_cvar`."""
        if target_return is not None and not math.isfinite(target_return):
            raise InputError(f"target_return is {target_return}, expected a number")
        limits = replace(limits_of(problem), cvar_limit=None, target_return=target_return)
        found = self._answer(limits, Aim.LEAST_CVAR)
        if found.proved is None:
            return replace(_infeasible(problem, limits, found), objective=LEAST_CVAR)
        weights = found.proved.vertex.weights
        return replace(_solution(problem, limits, Aim.LEAST_CVAR, found, found.proved, weights), objective=LEAST_CVAR)

    def maximise_ratio(self, problem: Problem) -> Solution:
        """As the function `maximise_ratio`."""
        limits = limits_of(problem)
        best = best_ratio(limits, self._answer)
        if isinstance(best, Answer):
            return ratio_without_answer(problem, limits, best)

        def again(stricter: Limits) -> Floats | None:
            other = best_ratio(stricter, self._answer)
            return None if isinstance(other, Answer) else other.weights

        weights = storable_weights(limits, best.weights, again)
        return ratio_solution(limits, best, portfolio_of(problem, weights), problem.scenarios.strategies)

    def efficient_frontier(self, problem: Problem, points: int = 20) -> tuple[FrontierPoint, ...]:
        """As the function `efficient_frontier`."""
        return frontier_points(limits_of(problem), points, self._answer)


def solve(problem: Problem) -> Solution:
    """Weights with the greatest expected annual return within the constraints; cash (0) if nothing is worth holding.

    The returned weights have at most 8 decimals and meet every limit without tolerance, but for a budget (1e-12) and
    limits that leave a single choice (see `storable_weights`); all figures are recomputed from them. The certificate's
    bound proves the optimum.

    Raises
    ------
    InvariantError : no solver proves an optimum to a relative gap of 1e-8, or rounding failed.
    """
    return Session().solve(problem)


def minimise_cvar(problem: Problem, target_return: float | None = None) -> Solution:
    """Weights with the least CVaR whose expected annual return, net of trades, is at least the target.

    The problem's own cvar_limit is not applied, for CVaR is what is minimised. Weights are not rounded: they meet the
    limits to the solver's tolerance, 1e-9.

    Parameters
    ----------
    target_return : decimal a year; None asks for no return, and where nothing makes it invest cash is the answer.

    Raises
    ------
    InputError : a target that is not a number. InvariantError as for `solve`.
    """
    return Session().minimise_cvar(problem, target_return)


def maximise_ratio(problem: Problem) -> Solution:
    """Weights with the most expected annual return, net of trades, per one-day CVaR.

    Where cash is always allowed the ratio does not depend on the size: among the weights that reach it these are as
    large as the limits allow. With a budget, floors or trades the limits bear on the ratio itself. Cash if no strategy
    has a positive expected return; INFEASIBLE if no weights within such limits have one. Rounded as by `solve`.

    Raises
    ------
    InputError : some weights gain and lose nothing even on their worst days, so that the ratio has no greatest value.
    """
    return Session().maximise_ratio(problem)


def efficient_frontier(problem: Problem, points: int = 20) -> tuple[FrontierPoint, ...]:
    """Efficient portfolios at evenly spaced CVaR, from 0 (or the least possible) to that of the most return.

    The problem's cvar_limit is not applied; all other limits are. Return rises and its slope falls with CVaR. A problem
    in which no risk is rewarded has a single point.

    Parameters
    ----------
    points : at least 2.

    Raises
    ------
    InputError : fewer than 2 points. InfeasibleError : the other limits contradict each other.
    """
    return Session().efficient_frontier(problem, points)


def portfolio_of(problem: Problem, weights: Floats) -> Portfolio:
    """What the given weights (N,) amount to on the problem's scenarios."""
    returns = returns_of(problem.scenarios.values, weights)
    expected = math.fsum(problem.expected_returns * weights)
    volatility = float(returns.std(ddof=1)) * math.sqrt(TRADING_DAYS) if returns.min() < returns.max() else 0.0
    turnover = math.fsum(np.abs(weights - problem.current_weights))
    return Portfolio(
        weights=weights,
        expected_return_annual=expected,
        volatility_annual=volatility,
        sharpe=expected / volatility if volatility > 0.0 else None,
        var=var(returns, problem.constraints.beta),
        cvar=cvar(returns, problem.constraints.beta),
        leverage=math.fsum(weights),
        margin=math.fsum(problem.margins * weights),
        turnover=turnover,
        trading_cost=turnover * problem.constraints.transaction_cost,
        cdar=cdar(returns, problem.constraints.cdar_beta),
    )


def _solution(problem: Problem, limits: Limits, aim: Aim, found: Answer, proved: Proved, weights: Floats) -> Solution:
    portfolio = portfolio_of(problem, weights)
    binding = binding_constraints(
        proved.limits,
        problem.scenarios.strategies,
        RETURN if aim is Aim.MOST_RETURN else RISK,
        proved.vertex.weights,
        proved.vertex.multipliers,
        proved.bound,
    )
    return Solution(
        status=SolutionStatus.OPTIMAL,
        strategies=problem.scenarios.strategies,
        portfolio=portfolio,
        certificate=Certificate(
            cvar_recomputed=portfolio.cvar,
            bound=proved.bound.value,
            relative_gap=proved.relative_gap,
            rounding_cost=abs(proved.objective - objective_of(limits, aim, weights)),
            binding=binding,
        ),
        conflicts=(),
        solver=found.solver,
        allocator=ALLOCATOR,
        fallbacks=found.fallbacks,
    )


def _infeasible(problem: Problem, limits: Limits, found: Answer) -> Solution:
    return Solution(
        status=SolutionStatus.INFEASIBLE,
        strategies=problem.scenarios.strategies,
        portfolio=None,
        certificate=None,
        conflicts=conflicting(limits),
        solver=found.solver,
        allocator=ALLOCATOR,
        fallbacks=found.fallbacks,
    )
