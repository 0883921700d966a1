"""The search for the best strategies to hold, where each is held with a least weight or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS
from fund_pipeline.cerebro.allocation.ladder import Answer, Proved
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.allocation.whole.linear import linear_of
from fund_pipeline.cerebro.allocation.whole.relaxation import Box, Cut, Relaxation, Rows
from fund_pipeline.cerebro.allocation.whole.risk import Risk, dual_slope
from fund_pipeline.cerebro.model import Floats

_SOME = 1e-9
_BROKEN = 1e-8
_MOST_DROPS = 40
_LEAST_CVAR = -1e8
_AMPLE = 1e6

Solver = Callable[[Limits, Aim, Engine], Answer]


class Choice:
    """The question that `search` is asked; see there. Columns: weights (N,), sales (M,), CVaR; costs basis points."""

    def __init__(self, limits: Limits, aim: Aim, least_held: float, engine: Engine, solver: Solver) -> None:
        self.limits = limits
        self.aim = aim
        self.least = np.maximum(limits.lower, least_held)
        self.engine = engine
        self.solver = solver
        self.found: Answer | None = None
        self.held: NDArray[np.bool_] = np.zeros(limits.expected.size, dtype=bool)
        self.best = np.inf
        self._linear = linear_of(limits)
        self._n = limits.expected.size
        self._sales = self._linear.costs.size - self._n
        self._risk = Risk(limits)
        self._drawdown = Risk(replace(limits, cvar_limit=None))
        self._seen: set[bytes] = set()
        self._learned: list[Cut] = []
        self._towards: Floats = np.zeros(self._n)

    @property
    def sign(self) -> float:
        """Of the objective, for what is searched for is the least."""
        return 1.0 if self.aim is Aim.LEAST_CVAR else -1.0

    @property
    def _reward(self) -> float:
        """What a unit of expected return is worth in the objective."""
        return 1.0 if self.aim is Aim.MOST_RETURN else self.limits.reward

    def relaxation(self) -> tuple[Relaxation, Box]:
        """The programme without the choices, and the whole of it."""
        linear, limits = self._linear, self.limits
        rows = linear.rows
        wide = np.concatenate((rows.coefficients, np.zeros((len(rows.coefficients), 1))), axis=1)
        costs = np.append(linear.costs * self._reward * BASIS_POINTS, float(self.aim is Aim.LEAST_CVAR))
        cap = _AMPLE if limits.cvar_limit is None else limits.cvar_limit * BASIS_POINTS
        least = cap if self.aim is Aim.MOST_RETURN else _LEAST_CVAR
        none = np.zeros(self._sales)
        fits = limits.upper >= self.least
        box = Box(
            np.concatenate((np.where(limits.lower > 0.0, self.least, 0.0), none, [least])),
            np.concatenate((np.where(fits, limits.upper, 0.0), none + _AMPLE, [cap])),
        )
        constant = linear.constant * self._reward * BASIS_POINTS
        relaxation = Relaxation(costs, Rows(wide, rows.lower, rows.upper), constant)
        relaxation.cut([*self._learned, self._cut(self._risk.cvar(self._towards)[1])])
        self._learned = []
        return relaxation, box

    def learn(self, proved: Proved) -> None:
        """Make a cut of the prices of an optimum: with it the relaxation is as tight there as the proof was."""
        slope = dual_slope(self.limits, proved.vertex.multipliers.scenarios)
        self._learned.append(self._cut(slope))
        self._towards = proved.vertex.weights

    def drop_smallest(self, weights: Floats) -> None:
        """A first choice: leave out a quarter of those that hold too little, again and again, until none does."""
        fewer = self.limits
        for _ in range(_MOST_DROPS):
            short = (weights > _SOME) & (weights < self.least - _SOME) & (self.limits.lower <= 0.0)
            if not short.any():
                self.offer(weights)
                return
            order = np.argsort(np.where(short, weights, np.inf), kind="stable")
            upper = fewer.upper.copy()
            upper[order[: -(-int(short.sum()) // 4)]] = 0.0
            fewer = replace(fewer, upper=upper)
            answer = self.solver(fewer, self.aim, self.engine)
            if answer.proved is None:
                return
            self.learn(answer.proved)
            weights = answer.proved.vertex.weights

    def is_allowed(self, weights: Floats) -> bool:
        """Whether every weight (N,) is 0 or large enough."""
        return not ((weights > _SOME) & (weights < self.least - _SOME)).any()

    def offer(self, point: Floats) -> float:
        """Answer for the strategies of an allowed point, or for those nearer to enough than to nothing."""
        weights = point[: self._n]
        held = weights >= 0.5 * self.least
        held |= self.limits.lower > 0.0
        key = held.tobytes()
        if key in self._seen or (self._seen and not self.is_allowed(weights)):
            return self.best
        self._seen.add(key)
        chosen = replace(
            self.limits,
            lower=np.where(held, self.least, 0.0),
            upper=np.where(held, self.limits.upper, 0.0),
        )
        if (chosen.lower > chosen.upper).any():
            return self.best
        answer = self.solver(chosen, self.aim, self.engine)
        if answer.proved is None:
            return self.best
        self.learn(answer.proved)
        objective = self.sign * answer.proved.objective * BASIS_POINTS
        if objective < self.best:
            self.found, self.held, self.best = answer, held, objective
        return self.best

    def cuts(self, point: Floats) -> list[Cut]:
        """Cuts of risk that the point breaks, and what the optima met since have taught."""
        weights = point[: self._n]
        found, self._learned = self._learned, []
        value, slope = self._risk.cvar(weights)
        if value > point[-1] + _BROKEN:
            found.append(self._cut(slope))
            found.append(self._cut(self._risk.cvar(0.5 * (weights + self._towards))[1]))
        found += [self._cut(broken.slope, broken.limit) for broken in self._drawdown.broken(weights)]
        return found

    def parts(self, point: Floats, box: Box) -> tuple[Box, ...]:
        """Nothing or enough of the strategy that is furthest from both."""
        weights = point[: self._n]
        off = np.minimum(weights, self.least - weights)
        place = int(np.argmax(off))
        if off[place] <= _SOME:
            return ()
        parts = []
        if box.lower[place] <= 0.0:
            upper = box.upper.copy()
            upper[place] = 0.0
            parts.append(Box(box.lower, upper))
        if box.upper[place] >= self.least[place]:
            lower = box.lower.copy()
            lower[place] = self.least[place]
            parts.append(Box(lower, box.upper))
        return tuple(parts)

    def _cut(self, slope: Floats, limit: float | None = None) -> Cut:
        """slope · w ≤ CVaR, or ≤ a limit that is given."""
        rest = np.zeros(self._sales + 1)
        rest[-1] = -1.0 if limit is None else 0.0
        return Cut(np.concatenate((slope, rest)), limit or 0.0)
