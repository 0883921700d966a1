"""CVaR and CDaR limits by cutting planes.

Both are the greatest of linear functions of the weights, so each of their tangents, taken anywhere, is a row that every
portfolio within the limit meets (J. E. Kelley, "The cutting-plane method for solving convex programs", 1960). Tangents
are taken at the answer so far, and between it and the points where earlier tangents were taken, which cuts deeper
(W. Ben-Ameur and J. Neto, "Acceleration of cutting-plane and column generation algorithms", Networks 49, 2007).

Few strategies are held, and a programme of those alone is solved much faster. Most tangents are found with it; the
whole programme then says whether they were enough, so that nothing rests on the choice.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.limits import Limits, LinearLimit, numbered
from fund_pipeline.cerebro.allocation.quadratic.convex import Failed
from fund_pipeline.cerebro.allocation.quadratic.narrow import held, may_not_be_left_out, narrowed
from fund_pipeline.cerebro.allocation.quadratic.programme import Answered, Question, answered
from fund_pipeline.cerebro.cvar import cvar, tail_weights
from fund_pipeline.cerebro.drawdown import cdar, cdar_slope
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

_MET = 1e-10
"""Excess over a limit, decimal of equity, that is none."""

_ROUNDS = 1000
_IDLE = 12
"""Rounds after which a row without a price is left out."""

_FEW = 0.6
"""Share of the strategies up to which a programme of fewer is worth its while."""

_MANY = 40


def cut_until_met(question: Question) -> tuple[Question, Answered] | Failed:
    """The question with the rows that its CVaR and CDaR limits need, and its answer.

    Raises
    ------
    InvariantError : the limits are still broken after many rounds, or the solver gave up.
    """
    taken = may_not_be_left_out(question)
    for _ in range(_ROUNDS):
        found = answered(question)
        if isinstance(found, Failed):
            return found
        if not _excess(question.limits, found.weights):
            return question, found
        question = replace(question, cuts=(*question.cuts, *_cuts(question.limits, found.weights)))
        taken |= held(found.weights)
        places = np.flatnonzero(taken)
        few = found.weights.size > _MANY and places.size <= _FEW * found.weights.size
        question = _cut(question, places) if few else _cut(question, np.arange(taken.size))
    raise InvariantError(f"the limits of CVaR and drawdown are not met after {_ROUNDS} rounds of cutting planes")


def _cut(question: Question, places: NDArray[np.intp]) -> Question:
    """The question with tangents enough for the strategies at these places, if they can meet the limits alone."""
    size = question.limits.expected.size
    centre: Floats | None = None
    idle: dict[int, int] = {}
    for _ in range(_ROUNDS):
        found = answered(narrowed(question, places) if places.size < size else question)
        if isinstance(found, Failed):
            break
        weights = np.zeros(size)
        weights[places] = found.weights
        if not _excess(question.limits, weights):
            break
        kept = []
        for cut, price in zip(question.cuts, found.prices.rows[len(question.limits.rows) :], strict=True):
            idle[id(cut)] = 0 if price > 0.0 else idle.get(id(cut), 0) + 1
            if idle[id(cut)] < _IDLE:
                kept.append(cut)
        points = [weights] if centre is None else [weights, 0.5 * (centre + weights)]
        centre = points[-1]
        new = [cut for point in points for cut in _cuts(question.limits, point)]
        question = replace(question, cuts=(*kept, *new))
    return question


def _excess(limits: Limits, weights: Floats) -> bool:
    if limits.cvar_limit is None and limits.drawdown is None:
        return False
    returns = limits.returns @ weights
    over = limits.cvar_limit is not None and cvar(returns, limits.beta) > limits.cvar_limit + _MET
    deep = limits.drawdown is not None and cdar(returns, limits.drawdown.beta) > limits.drawdown.bound + _MET
    return over or deep


def _cuts(limits: Limits, weights: Floats) -> list[LinearLimit]:
    cuts = []
    if limits.cvar_limit is not None:
        slope: Floats = -(tail_weights(limits.returns @ weights, limits.beta) @ limits.returns)
        cuts.append(LinearLimit(numbered("cvar_limit", 0), slope, limits.cvar_limit))
    if limits.drawdown is not None:
        deepest = cdar_slope(limits.returns, weights, limits.drawdown.beta)
        cuts.append(LinearLimit(numbered("max_cdar", 0), deepest, limits.drawdown.bound))
    return cuts
