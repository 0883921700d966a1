"""Answers to limits that are not linear in the weights, on top of the ladder that answers those that are.

A limit of the drawdown is met by cutting planes: CDaR is the greatest of its linearisations, so each slope gives a row
that every weights within the limit satisfy (J. E. Kelley, "The cutting-plane method for solving convex programs", SIAM
Journal 8, 1960). The rows only ever exclude what breaks the limit, so the bound of the last programme holds for the
whole problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation import ladder, lp
from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.ladder import GREATEST_GAP, Answer, Proved, Way, objective_of, relative_gap
from fund_pipeline.cerebro.allocation.limits import DrawdownLimit, Limits, LinearLimit, numbered, returns_of
from fund_pipeline.cerebro.allocation.lp import Aim, Vertex
from fund_pipeline.cerebro.allocation.whole.held import held_or_nothing
from fund_pipeline.cerebro.drawdown import cdar, cdar_slope
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

Ask = Callable[[Limits, Aim], Answer]
"""Asks for the optimum within limits, with the ways and the warmth of whoever gave it."""

_MOST_CUTS = 600
_MET = 1e-10
_INSIDE = 0.5
_AMPLE = 1e3


def answer(limits: Limits, aim: Aim, engine: Engine, first: Way = Way.FAST) -> Answer:
    """The optimum within all limits. Parameters, result and errors as for `ladder.answer`.

    Where weights may be nothing or large, the bound and the gap are those of the search over the choices.
    """
    if limits.least_held is None:
        return _of_choice(limits, aim, engine, first)

    def of_choice(chosen: Limits, aim: Aim, engine: Engine) -> Answer:
        return _of_choice(chosen, aim, engine, first)

    held = held_or_nothing(limits, aim, limits.least_held, engine, solver=of_choice)
    if held is None:
        return Answer(None, f"search over choices, from {first.value}")
    bound = replace(held.proved.bound, value=held.bound)
    proved = replace(held.proved, bound=bound, relative_gap=held.relative_gap)
    return replace(held.answer, proved=proved, solver=f"search over choices, {held.answer.solver}")


def _of_choice(limits: Limits, aim: Aim, engine: Engine, first: Way) -> Answer:
    if limits.drawdown is None:
        return ladder.answer(limits, aim, engine, first)
    return _within_drawdown(limits, limits.drawdown, aim, engine, first)


def is_feasible(limits: Limits) -> bool:
    """Whether any weights meet all the limits."""
    if limits.least_held is not None:
        bounded = replace(limits, upper=np.minimum(limits.upper, _AMPLE), reward=0.0)
        return answer(bounded, Aim.LEAST_CVAR, Engine()).proved is not None
    if limits.drawdown is None:
        return lp.is_feasible(limits)
    if limits.is_cone:
        return bool((limits.lower <= limits.upper).all())
    # The least CVaR, for want of another aim: it is bounded whatever limits are left out.
    bounded = replace(limits, upper=np.minimum(limits.upper, _AMPLE), reward=0.0)
    return _within_drawdown(bounded, limits.drawdown, Aim.LEAST_CVAR, Engine(), Way.FAST).proved is not None


def _within_drawdown(limits: Limits, drawdown: DrawdownLimit, aim: Aim, engine: Engine, first: Way) -> Answer:
    cuts: list[LinearLimit] = []
    inside = np.zeros(limits.expected.size) if limits.is_cone and aim is Aim.MOST_RETURN else None
    while len(cuts) < _MOST_CUTS:
        asked = replace(limits, drawdown=None, rows=limits.rows + tuple(cuts))
        found = ladder.answer(asked, aim, engine, first)
        if found.proved is None:
            return found
        weights = found.proved.vertex.weights
        reached = cdar(returns_of(limits.returns, weights), drawdown.beta)
        if reached <= drawdown.bound + _MET:
            return found
        where = [weights]
        if inside is not None:
            shrunk = weights * (drawdown.bound / reached)
            if objective_of(limits, aim, shrunk) > objective_of(limits, aim, inside):
                inside = shrunk
            proved = _at(limits, aim, found.proved, inside)
            if proved.relative_gap <= GREATEST_GAP:
                return replace(found, proved=proved)
            where.append(_INSIDE * weights + (1.0 - _INSIDE) * inside)
        for point in where:
            slope = cdar_slope(limits.returns, point, drawdown.beta)
            cuts.append(LinearLimit(numbered("max_cdar", len(cuts)), slope, drawdown.bound))
    raise InvariantError(f"{_MOST_CUTS} cuts do not bring the drawdown within {drawdown.bound}")


def _at(limits: Limits, aim: Aim, proved: Proved, weights: Floats) -> Proved:
    """The same bound for weights that meet all limits."""
    objective = objective_of(limits, aim, weights)
    vertex = Vertex(weights, proved.vertex.multipliers, proved.vertex.objective)
    return replace(proved, vertex=vertex, objective=objective, relative_gap=relative_gap(proved.bound.value, objective))
