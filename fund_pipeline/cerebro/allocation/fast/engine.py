"""The fast engine: near the optimum by one of two ways, then exact; warm from one question to the next."""

from __future__ import annotations

from enum import Enum

import numpy as np

from fund_pipeline.cerebro.allocation.fast.base import base_of, can_move, linear_objective, multipliers_of
from fund_pipeline.cerebro.allocation.fast.cutting import Near, approach
from fund_pipeline.cerebro.allocation.fast.interior import central
from fund_pipeline.cerebro.allocation.fast.model import HIGHS, INFINITY, Ints, Outcome
from fund_pipeline.cerebro.allocation.fast.partition import Partition, days_near
from fund_pipeline.cerebro.allocation.fast.tail import Tail
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim, Vertex

SOLVER = f"cvar-engine (cuts, interior point, partition) on {HIGHS}"

_FAR = 0.1
_WIDTH_CUT = 25
_WIDTH_NEAR = 15
_WIDTH_CENTRAL = 10
_MOST_SINGLE = 4
_PATIENCE = 0.02
_SMALL = 50


class Declined(Enum):
    """Why the engine gives no answer; the words are shown with the solution."""

    INFEASIBLE = "the fast engine found no weights within the limits"
    FAILED = "the fast engine's simplex did not finish"


class Engine:
    """Answers questions about one matrix of scenarios, each from where the last one ended if it can."""

    def __init__(self) -> None:
        self._tail: Tail | None = None
        self._partitions: dict[Aim, Partition] = {}
        self._last: dict[Aim, Near] = {}

    def optimise(self, limits: Limits, aim: Aim) -> Vertex | Declined:
        """The optimal vertex, or why there is none. Nothing is raised for what a solver does."""
        if (limits.lower > limits.upper).any():
            return Declined.INFEASIBLE
        if aim is Aim.MOST_RETURN and limits.cvar_limit is None:
            return _without_tail(limits, aim)
        warm = self._warm(limits, aim)
        if warm is not None:
            if warm.solve(_patience(limits)) is Outcome.OPTIMAL:
                return self._kept(warm, aim)
            del self._partitions[aim]
        cold = self._cold(limits, aim, few_held=warm is None)
        if cold is None:
            return Declined.INFEASIBLE
        outcome = cold.solve()
        if outcome is Outcome.INFEASIBLE and cold.base.model.enter_all():
            outcome = cold.solve()
        if outcome is Outcome.OPTIMAL:
            return self._kept(cold, aim)
        return Declined.INFEASIBLE if outcome is Outcome.INFEASIBLE else Declined.FAILED

    def _kept(self, partition: Partition, aim: Aim) -> Vertex:
        vertex = partition.vertex()
        self._partitions[aim] = partition
        self._last[aim] = Near(vertex.weights, np.flatnonzero(vertex.weights).astype(np.int32), 0.0)
        return vertex

    def _warm(self, limits: Limits, aim: Aim) -> Partition | None:
        """From the last basis if the programme differs in values only; else near the last weights, if there are any."""
        known = self._partitions.get(aim)
        if known is not None and can_move(known.limits, limits):
            known.move(limits)
            return known
        last = self._last.pop(aim, None)
        # Other days of the same matrix, as in a walk-forward, have an optimum nearby; resampled ones may have any.
        seen = self._tail
        alike = seen is not None and np.may_share_memory(seen.returns, limits.returns)
        if last is None or not alike or last.weights.size != limits.expected.size:
            return None
        tail = self._tail_of(limits)
        near = np.clip(last.weights, limits.lower, limits.upper)
        single = days_near(tail.losses(near), tail.whole, _WIDTH_NEAR)
        self._partitions[aim] = partition = Partition(limits, aim, tail, near, last.working, single)
        partition.start_near(near)
        return partition

    def _cold(self, limits: Limits, aim: Aim, *, few_held: bool) -> Partition | None:
        tail = self._tail_of(limits)
        near = approach(limits, aim, tail) if few_held else None
        if near is None and few_held:
            return None
        if near is None or near.gap > _FAR:
            centre = central(limits, aim, tail)
            if centre is not None:
                single = days_near(tail.losses(centre.weights), tail.whole, _WIDTH_CENTRAL)
                between = (centre.tail_shares > 0.003) & (centre.tail_shares < 0.997)
                if between.sum() <= _MOST_SINGLE * (centre.held.sum() + _WIDTH_CUT):
                    single |= between
                working: Ints = np.flatnonzero(centre.held).astype(np.int32)
                partition = Partition(limits, aim, tail, centre.weights, working, single)
                partition.start_near(centre.weights)
                return partition
        near = near or approach(limits, aim, tail)
        if near is None:
            return None
        single = days_near(tail.losses(near.weights), tail.whole, _WIDTH_CUT)
        return Partition(limits, aim, tail, near.weights, near.working, single)

    def _tail_of(self, limits: Limits) -> Tail:
        tail = self._tail
        if tail is None or tail.returns is not limits.returns or tail.beta != limits.beta:
            tail = self._tail = Tail(limits.returns, limits.beta)
        return tail


def _patience(limits: Limits) -> float:
    """Work beyond which a new start, whose cost is one matrix over the strategies per step, would be sooner."""
    scenarios, strategies = limits.returns.shape
    return _PATIENCE * float(scenarios * max(strategies, _SMALL) ** 2)


def _without_tail(limits: Limits, aim: Aim) -> Vertex | Declined:
    base = base_of(limits, aim, np.arange(limits.expected.size, dtype=np.int32), -INFINITY)
    outcome = base.model.run()
    if outcome is not Outcome.OPTIMAL:
        return Declined.INFEASIBLE if outcome is Outcome.INFEASIBLE else Declined.FAILED
    weights = base.model.weights()
    prices = multipliers_of(base, limits, aim, np.zeros(len(limits.returns)))
    return Vertex(weights, prices, linear_objective(limits, aim, weights))
