"""The efficient frontier: the most return for each CVaR."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation.answering import Ask
from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.ladder import Answer
from fund_pipeline.cerebro.allocation.limits import Limits, returns_of
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.allocation.solution import FrontierPoint
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.errors import InfeasibleError, InputError

_SAME = 1e-12


def frontier_points(limits: Limits, points: int, answer: Ask) -> tuple[FrontierPoint, ...]:
    """See `efficient_frontier`, which this answers for a problem's limits.

    The points are found from the greatest CVaR down, so that each starts from the basis of the one before.
    """
    if points < 2:
        raise InputError(f"points is {points}, expected at least 2")
    limits = replace(limits, cvar_limit=None)
    last = _point(limits, answer(limits, Aim.MOST_RETURN))
    # In a cone cash is always allowed, so the frontier starts at 0 without asking for the least CVaR.
    least = last if limits.is_cone else _point(limits, answer(limits, Aim.LEAST_CVAR))
    if last is None or least is None:
        raise InfeasibleError(
            f"no weights meet all limits; these contradict each other: {', '.join(conflicting(limits))}",
            remedy="relax one of them",
        )
    start = 0.0 if limits.is_cone else max(least.cvar, 0.0)
    if last.cvar <= start + _SAME:
        return (last,)
    found = [last]
    for limit in np.linspace(start, last.cvar, points)[-2:0:-1]:
        point = _point(limits, answer(replace(limits, cvar_limit=float(limit)), Aim.MOST_RETURN))
        if point is not None:
            found.append(point)
    first = _point(limits, answer(replace(limits, cvar_limit=start), Aim.MOST_RETURN))
    found.append(first or least)
    return tuple(reversed(found))


def _point(limits: Limits, found: Answer) -> FrontierPoint | None:
    if found.proved is None:
        return None
    weights = found.proved.vertex.weights
    return FrontierPoint(
        cvar=cvar(returns_of(limits.returns, weights), limits.beta),
        expected_return_annual=math.fsum(limits.expected * weights),
        weights=weights,
        solver=found.solver,
        fallbacks=found.fallbacks,
    )
