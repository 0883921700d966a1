"""The quadratic and parity objectives as they are asked for: a problem in, a solution with its certificate out."""

from __future__ import annotations

import math
from dataclasses import replace

from fund_pipeline.cerebro.allocation.limits import Limits, limits_of
from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.allocation.quadratic.convex import SOLVER
from fund_pipeline.cerebro.allocation.quadratic.hrp import SOLVER as HRP_SOLVER
from fund_pipeline.cerebro.allocation.quadratic.hrp import hrp
from fund_pipeline.cerebro.allocation.quadratic.parity import SOLVER as PARITY_SOLVER
from fund_pipeline.cerebro.allocation.quadratic.parity import risk_parity
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic, QuadraticObjective
from fund_pipeline.cerebro.allocation.quadratic.sharpe import maximise_sharpe
from fund_pipeline.cerebro.allocation.quadratic.storing import storable
from fund_pipeline.cerebro.allocation.quadratic.variance import mean_variance, minimise_variance
from fund_pipeline.cerebro.allocation.quadratic.words import in_words
from fund_pipeline.cerebro.allocation.solution import Certificate, Portfolio, Solution, SolutionStatus
from fund_pipeline.cerebro.allocation.solving import portfolio_of
from fund_pipeline.errors import InputError

QUADRATIC_ALLOCATOR = "quadratic-engine 1.0"
"""Name and version of the method; a change that could change an answer changes the version."""

_SOLVERS = {QuadraticObjective.RISK_PARITY: PARITY_SOLVER, QuadraticObjective.HRP: HRP_SOLVER}


def solve_quadratic(
    problem: Problem,
    objective: QuadraticObjective,
    *,
    target_return: float | None = None,
    risk_aversion: float | None = None,
) -> Solution:
    """The best weights by one of the quadratic or parity objectives, within the constraints of the problem.

    The weights have at most 8 decimals and meet every limit, but where the limits leave a single choice (to 1e-9). The
    certificate's bound is of the unrounded optimum, in the objective's unit: annual volatility for MIN_VARIANCE (gap
    is of the variance, about twice as large), return − risk_aversion/2 × variance for MEAN_VARIANCE, the ratio for
    MAX_SHARPE.

    Parameters
    ----------
    target_return : least expected annual return net of trades; for MIN_VARIANCE, MEAN_VARIANCE and MAX_SHARPE.
    risk_aversion : for MEAN_VARIANCE, which needs it.

    Raises
    ------
    InputError : an option that the objective does not take; a ratio without a greatest value; strategies that cancel
        each other under RISK_PARITY. InvariantError : an answer could not be proved.
    """
    _check_options(objective, target_return, risk_aversion)
    limits = limits_of(problem)
    if target_return is not None:
        limits = replace(limits, target_return=target_return)

    def ask(asked: Limits) -> Quadratic | Conflict:
        return _asked(asked, objective, risk_aversion, problem.scenarios.strategies)

    found = ask(limits)
    if isinstance(found, Conflict):
        return _solution(problem, objective, found.notes, conflicts=found.limits)
    weights = storable(limits, found.weights, ask)
    portfolio = portfolio_of(problem, weights)
    reached = objective_of(objective, limits, portfolio, risk_aversion)
    before = objective_of(objective, limits, portfolio_of(problem, found.weights), risk_aversion)
    is_variance = objective is QuadraticObjective.MIN_VARIANCE
    bound = math.sqrt(max(found.bound, 0.0)) if is_variance and found.bound is not None else found.bound
    certificate = Certificate(
        cvar_recomputed=portfolio.cvar,
        bound=bound,
        relative_gap=found.relative_gap,
        rounding_cost=abs(before - reached),
        binding=in_words(objective, found, problem.scenarios.strategies),
        kkt_residual=found.kkt_residual,
    )
    return _solution(problem, objective, found.notes, portfolio=portfolio, certificate=certificate)


def objective_of(
    objective: QuadraticObjective, limits: Limits, portfolio: Portfolio, risk_aversion: float | None
) -> float:
    """What a portfolio reaches: return net of trades − half the aversion × variance; the ratio of that return to
    volatility (0 for cash); or its volatility.
    """
    net, volatility = limits.net_return(portfolio.weights), portfolio.volatility_annual
    match objective:
        case QuadraticObjective.MEAN_VARIANCE:
            return net - 0.5 * (risk_aversion or 0.0) * volatility**2
        case QuadraticObjective.MAX_SHARPE:
            return net / volatility if volatility > 0.0 else 0.0
        case _:
            return volatility


def _asked(
    limits: Limits, objective: QuadraticObjective, risk_aversion: float | None, strategies: tuple[str, ...]
) -> Quadratic | Conflict:
    match objective:
        case QuadraticObjective.MIN_VARIANCE:
            return minimise_variance(limits)
        case QuadraticObjective.MEAN_VARIANCE:
            return mean_variance(limits, risk_aversion or 0.0)
        case QuadraticObjective.MAX_SHARPE:
            return maximise_sharpe(limits, strategies=strategies)
        case QuadraticObjective.RISK_PARITY:
            return risk_parity(limits)
        case QuadraticObjective.HRP:
            return hrp(limits)


def _check_options(objective: QuadraticObjective, target_return: float | None, risk_aversion: float | None) -> None:
    if target_return is not None and not math.isfinite(target_return):
        raise InputError(f"target_return is {target_return}, expected a number")
    if objective is QuadraticObjective.MEAN_VARIANCE and risk_aversion is None:
        raise InputError("mean-variance needs risk_aversion", remedy="give it, for example 5")
    if objective is not QuadraticObjective.MEAN_VARIANCE and risk_aversion is not None:
        raise InputError(f"{objective} takes no risk_aversion", remedy="leave it out, or ask for mean-variance")


def _solution(
    problem: Problem,
    objective: QuadraticObjective,
    notes: tuple[str, ...],
    *,
    portfolio: Portfolio | None = None,
    certificate: Certificate | None = None,
    conflicts: tuple[str, ...] = (),
) -> Solution:
    return Solution(
        status=SolutionStatus.INFEASIBLE if portfolio is None else SolutionStatus.OPTIMAL,
        strategies=problem.scenarios.strategies,
        portfolio=portfolio,
        certificate=certificate,
        conflicts=conflicts,
        solver=_SOLVERS.get(objective, SOLVER),
        allocator=QUADRATIC_ALLOCATOR,
        objective=objective.value,
        notes=notes,
    )
