"""Best-first search over parts of a problem, each bounded from below by its linear relaxation.

A. H. Land and A. G. Doig, "An automatic method of solving discrete programming problems", Econometrica 28 (1960).
Cuts are made wherever a relaxation breaks a convex limit, not only at whole points: they hold in every part, so one
tree needs them once (I. Quesada and I. E. Grossmann, "An LP/NLP based branch and bound algorithm for convex MINLP
optimization problems", Computers and Chemical Engineering 16, 1992).
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Protocol

from fund_pipeline.cerebro.allocation.whole.relaxation import Box, Cut, Relaxation
from fund_pipeline.cerebro.model import Floats

_CUT_ROUNDS = 3
"""Rounds of cuts in a part before it is parted; more of them slow the relaxation down more than they save parts."""

_DECIDED_ROUNDS = 60
"""Rounds at a point that cannot be parted. Cuts end long before, or move it by no more than the solver's tolerance."""


class Question(Protocol):
    """What is searched for: the least objective over points that a relaxation cannot tell apart by itself."""

    def offer(self, point: Floats) -> float:
        """Try what lies near a point (C,) of a relaxation; the least objective known by now, infinite if none."""

    def cuts(self, point: Floats) -> list[Cut]:
        """Cuts that the point breaks; empty if it meets all convex limits."""

    def parts(self, point: Floats, box: Box) -> tuple[Box, ...]:
        """Parts of the box without the point that cover all that is allowed in it; empty if the point is allowed."""


@dataclass(frozen=True)
class Proof:
    """What a search proved.

    Attributes
    ----------
    bound : no allowed point has a lower objective; infinite if there is none.
    parts : how many were bounded.
    finished : whether nothing was left to search.
    """

    bound: float
    parts: int
    finished: bool


def search(relaxation: Relaxation, question: Question, box: Box, gap: float, least_scale: float, most: int) -> Proof:
    """Search a box. The best point is with the question.

    Parameters
    ----------
    gap : parts that could improve the best objective by no more than this share of it are not searched.
    least_scale : objective below which the gap is a share of this instead.
    most : number of parts after which to stop unfinished.

    Raises
    ------
    InvariantError : the solver failed.
    """
    best = math.inf
    bound = math.inf
    waiting: list[tuple[float, int, Box]] = [(-math.inf, 0, box)]
    pushed, parts = 1, 0

    def hopeless(least: float) -> bool:
        return least >= best - gap * max(abs(best), least_scale) if math.isfinite(best) else False

    while waiting and parts < most and not hopeless(waiting[0][0]):
        least, _, part = heapq.heappop(waiting)
        parts += 1
        relaxation.drop_slack()
        rounds = 0
        while True:
            found = relaxation.solve(part)
            if found is None:
                break
            value, point = max(found[0], least), found[1]
            best = min(best, question.offer(point))
            if hopeless(value):
                bound = min(bound, value)
                break
            children = question.parts(point, part)
            cuts = question.cuts(point) if rounds < (_CUT_ROUNDS if children else _DECIDED_ROUNDS) else []
            if cuts:
                relaxation.cut(cuts)
                rounds += 1
                continue
            for child in children:
                heapq.heappush(waiting, (value, pushed, child))
                pushed += 1
            if not children:
                bound = min(bound, value)
            break
    if waiting:
        bound = min(bound, waiting[0][0])
    finished = not waiting or hopeless(waiting[0][0])
    return Proof(min(bound, best), parts, finished)
