"""The best weights of which each is 0 or at least a given one: a strategy is held properly or not at all.

The tree parts "not held" from "held enough", which needs no column of its own: between them the weight may be anything
from 0 up, as with a relaxed choice. Each choice of strategies that it comes to is answered exactly by the ladder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation import ladder
from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS
from fund_pipeline.cerebro.allocation.ladder import Answer, Proved
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.allocation.whole.choice import Choice, Solver
from fund_pipeline.cerebro.allocation.whole.tree import search
from fund_pipeline.errors import InvariantError

MOST_PARTS = 2_000

_BASIS_POINT = 1.0


@dataclass(frozen=True)
class Held:
    """The best choice of strategies.

    Attributes
    ----------
    answer : the exact optimum for the strategies chosen, whose limits allow the others no weight.
    proved : its proof, the answer's own.
    held : (N,) the strategies chosen.
    bound : no weights that are 0 or large enough do better: expected annual return, or CVaR; a decimal.
    relative_gap : distance of the objective from the bound in shares of the bound, or of one basis point if more.
    parts : how many parts the search bounded.
    """

    answer: Answer
    proved: Proved
    held: NDArray[np.bool_]
    bound: float
    relative_gap: float
    parts: int


def held_or_nothing(
    limits: Limits,
    aim: Aim,
    least_held: float,
    engine: Engine,
    gap: float = 1e-6,
    *,
    solver: Solver = ladder.answer,
    most_parts: int = MOST_PARTS,
) -> Held | None:
    """The optimum over weights with wᵢ = 0 or least_held ≤ wᵢ ≤ upperᵢ; None if the limits leave no such weights.

    A strategy whose lower bound is above 0 must be held, so with at least the greater of the two.

    Parameters
    ----------
    limits : all of them are met; its own `least_held` is not looked at.
    aim : MOST_RETURN or LEAST_CVAR.
    gap : relative distance from the proven bound at which the search ends.
    solver : answers for one choice; one that knows drawdowns is needed where the limits ask for them.
    most_parts : parts after which the search stops; the gap then says how far the proof came.

    Raises
    ------
    InvariantError : a solver failed, or nothing was met in so many parts.
    """
    free = replace(limits, least_held=None)
    if ((limits.lower > 0.0) & (limits.upper < max(least_held, 0.0))).any():
        return None
    relaxed = solver(free, aim, engine)
    if relaxed.proved is None:
        return None
    question = Choice(free, aim, least_held, engine, solver)
    question.learn(relaxed.proved)
    question.offer(relaxed.proved.vertex.weights)
    at_once = _result(question, relaxed.proved.bound.value, 1)
    if at_once is not None and at_once.relative_gap <= gap:
        return at_once
    question.drop_smallest(relaxed.proved.vertex.weights)
    relaxation, box = question.relaxation()
    proof = search(relaxation, question, box, gap, _BASIS_POINT, most_parts)
    result = _result(question, question.sign * proof.bound / BASIS_POINTS, proof.parts)
    if result is None and not proof.finished:
        raise InvariantError(f"no weights of 0 or at least {least_held} were met in {proof.parts} parts")
    return result


def _result(question: Choice, bound: float, parts: int) -> Held | None:
    """The best choice so far against a bound (a decimal); None if there is none yet."""
    if question.found is None or question.found.proved is None:
        return None
    short = max(0.0, question.sign * (question.found.proved.objective - bound))
    relative = short / max(abs(bound), _BASIS_POINT / BASIS_POINTS)
    return Held(question.found, question.found.proved, question.held, bound, relative, parts)
