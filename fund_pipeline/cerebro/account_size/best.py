"""The search for the most return in whole units at a given capital."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from fund_pipeline.cerebro.account_size.terms import Terms
from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS
from fund_pipeline.cerebro.allocation.whole.linear import linear_of
from fund_pipeline.cerebro.allocation.whole.relaxation import Box, Cut, Relaxation, Rows
from fund_pipeline.cerebro.allocation.whole.risk import Risk
from fund_pipeline.cerebro.allocation.whole.tree import Proof, search
from fund_pipeline.cerebro.model import Floats

_WHOLE = 1e-6
_BASIS_POINT = 1.0
_MOST_COUNT = 1e9
_MOST_ROUNDS = 8


class MostReturn:
    """The question that `search` is asked; see there. Columns: counts (K,), sales (M,) as shares of capital."""

    def __init__(self, terms: Terms, capital: Decimal) -> None:
        self.terms = terms
        self.capital = capital
        self.shares = terms.steps / float(capital)
        self._linear = linear_of(terms.few)
        self._risk = Risk(terms.few)
        self._seen: set[bytes] = set()
        self.counts: Floats | None = None
        self.best = np.inf

    def search(self, gap: float, most_parts: int) -> Proof:
        """Look for the most return; the bound is minus it in basis points."""
        few, linear = self.terms.few, self._linear
        sales = linear.costs.size - self.shares.size
        sizes = np.concatenate((self.shares, np.ones(sales)))
        rows = Rows(linear.rows.coefficients * sizes, linear.rows.lower, linear.rows.upper)
        most = np.where(np.isfinite(few.upper), few.upper / self.shares, _MOST_COUNT)
        box = Box(
            np.concatenate((np.ceil(few.lower / self.shares - _WHOLE), np.zeros(sales))),
            np.concatenate((np.floor(most + _WHOLE), np.ones(sales))),
        )
        relaxation = Relaxation(linear.costs * sizes * BASIS_POINTS, rows, linear.constant * BASIS_POINTS)
        start = [self._cut(slope.slope, slope.limit) for slope in self._risk.slopes(self.terms.optimum)]
        if start:
            relaxation.cut(start)
        self._better(np.zeros(self.shares.size))
        self._keep(np.floor(self.terms.optimum / self.shares + _WHOLE))
        return search(relaxation, self, box, gap, _BASIS_POINT, most_parts)

    def offer(self, point: Floats) -> float:
        """Try the whole counts below, and the nearest."""
        counts = point[: self.shares.size]
        self._keep(np.floor(counts + _WHOLE))
        self._keep(np.round(counts))
        return self.best

    def cuts(self, point: Floats) -> list[Cut]:
        """Cuts of the risk limits that the point breaks."""
        return [
            self._cut(slope.slope, slope.limit) for slope in self._risk.broken(point[: self.shares.size] * self.shares)
        ]

    def parts(self, point: Floats, box: Box) -> tuple[Box, ...]:
        """Below and above the count that is least whole in return; then nothing or enough of what is held."""
        counts = point[: self.shares.size]
        off = np.abs(counts - np.round(counts))
        place = int(np.argmax(np.where(off > _WHOLE, off * self.shares, 0.0)))
        if off[place] > _WHOLE:
            below = float(np.floor(counts[place]))
            return self._split(box, place, below, below + 1.0)
        if self.terms.few.least_held is not None:
            enough = np.ceil(self.terms.few.least_held / self.shares - _WHOLE)
            short = np.where(counts > _WHOLE, enough - counts, 0.0)
            place = int(np.argmax(short * self.shares))
            if short[place] > _WHOLE:
                return self._split(box, place, 0.0, float(enough[place]))
        whole = np.round(counts)
        return () if self._is_allowed(whole) else self._around(box, whole)

    def _is_allowed(self, counts: Floats) -> bool:
        """Whether whole counts meet every limit without the tolerance that relaxations have."""
        if self.terms.few.broken_by(counts * self.shares, _WHOLE):
            return False
        return not self.terms.limits.broken_by(self.terms.weights(counts, self.capital))

    def _around(self, box: Box, counts: Floats) -> tuple[Box, ...]:
        """All of the box but one whole point, count by count: less of it, more of it, else as much of it and on."""
        lower, upper = box.lower.copy(), box.upper.copy()
        found = []
        for place in np.argsort(-counts * self.shares, kind="stable"):
            here = float(counts[place])
            if here - 1.0 >= lower[place]:
                less = upper.copy()
                less[place] = here - 1.0
                found.append(Box(lower.copy(), less))
            if here + 1.0 <= upper[place]:
                more = lower.copy()
                more[place] = here + 1.0
                found.append(Box(more, upper.copy()))
            lower[place] = upper[place] = here
        return tuple(found)

    def _split(self, box: Box, place: int, below: float, above: float) -> tuple[Box, ...]:
        upper, lower = box.upper.copy(), box.lower.copy()
        upper[place], lower[place] = min(below, upper[place]), max(above, lower[place])
        parts = (Box(box.lower, upper), Box(lower, box.upper))
        return tuple(part for part in parts if (part.lower <= part.upper).all())

    def _cut(self, slope: Floats, limit: float) -> Cut:
        sales = np.zeros(self._linear.costs.size - self.shares.size)
        return Cut(np.concatenate((slope * self.shares, sales)), limit)

    def _keep(self, counts: Floats) -> None:
        """Keep the counts if they are better, and what single steps then add to them."""
        if not self._better(counts):
            return
        worth = self.terms.few.expected * self.shares
        order = np.argsort(-worth, kind="stable")
        for _ in range(_MOST_ROUNDS):
            before = self.best
            for place in order[worth[order] > 0.0]:
                more = (self.counts if self.counts is not None else counts).copy()
                more[place] += 1.0
                self._better(more)
            if self.best == before:
                return

    def _better(self, counts: Floats) -> bool:
        objective = -self.terms.few.net_return(counts * self.shares) * BASIS_POINTS
        key = counts.tobytes()
        if objective >= self.best or key in self._seen:
            return False
        self._seen.add(key)
        if not self._is_allowed(counts):
            return False
        objective = -self.terms.limits.net_return(self.terms.weights(counts, self.capital)) * BASIS_POINTS
        if objective >= self.best:
            return False
        self.counts, self.best = counts, objective
        return True
