"""The efficient frontier: the most return for each CVaR."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.limits import Limits, limits_of
from fund_pipeline.cerebro.allocation.lp import Aim, optimise
from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.allocation.solution import FrontierPoint
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InfeasibleError, InputError


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
    if points < 2:
        raise InputError(f"points is {points}, expected at least 2")
    limits = replace(limits_of(problem), cvar_limit=None)
    highest = optimise(limits, Aim.MOST_RETURN)
    least = optimise(limits, Aim.LEAST_CVAR)
    if highest is None or least is None:
        raise InfeasibleError(
            f"no weights meet all limits; these contradict each other: {', '.join(conflicting(limits))}",
            remedy="relax one of them",
        )
    last = _point(limits, highest.weights)
    start = max(_point(limits, least.weights).cvar, 0.0)
    if last.cvar <= start:
        return (last,)
    inner = [
        optimise(replace(limits, cvar_limit=float(limit)), Aim.MOST_RETURN)
        for limit in np.linspace(start, last.cvar, points)[1:-1]
    ]
    first = optimise(replace(limits, cvar_limit=start), Aim.MOST_RETURN) or least
    found = [first, *(vertex for vertex in inner if vertex is not None)]
    return (*(_point(limits, vertex.weights) for vertex in found), last)


def _point(limits: Limits, weights: Floats) -> FrontierPoint:
    return FrontierPoint(
        cvar=cvar(limits.returns @ weights, limits.beta),
        expected_return_annual=math.fsum(limits.expected * weights),
        weights=weights,
    )
