"""The search for the least capital: whole counts of lot steps, and the capital as a column of its own.

Every limit is a share of the capital, so with the capital free all is linear but for the risk, which is cut.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

import numpy as np

from fund_pipeline.cerebro.account_size.span import Homogeneous, Span, homogeneous
from fund_pipeline.cerebro.account_size.terms import Terms
from fund_pipeline.cerebro.allocation.whole.relaxation import Box, Cut, Relaxation
from fund_pipeline.cerebro.allocation.whole.risk import Risk
from fund_pipeline.cerebro.allocation.whole.tree import Proof, search
from fund_pipeline.cerebro.model import Floats

CENT = Decimal("0.01")
_WHOLE = 1e-6
_LARGEST = 1e6
"""Steps beyond which no account is looked for."""
_TRIED = 240
_NUDGES = 3
"""Cents by which a float's last digit may still break a limit that is met exactly."""


class LeastCapital:
    """The question that `search` is asked; see there. Columns: counts (K,), sales (M,), capital; money in `scale`."""

    def __init__(self, terms: Terms, floor: float) -> None:
        self.terms = terms
        self.scale = float(np.median(terms.steps))
        self.steps = terms.steps / self.scale
        self.full = replace(terms.limits, target_return=floor)
        few = replace(terms.few, target_return=floor)
        self._system: Homogeneous = homogeneous(few)
        self._span = Span(few, self._system)
        self._risk = Risk(few)
        self.counts: Floats | None = None
        self.capital = Decimal(0)
        self.best = np.inf

    def search(self, gap: float, most_parts: int) -> Proof:
        """Look for the least capital; bound and `best` are in `scale`."""
        upper, lower = self.terms.few.upper, self.terms.few.lower
        reach = np.where(upper > 0.0, self.steps / np.where(upper > 0.0, upper, 1.0), np.inf)
        least = float(reach.min())
        self._round_optimum(least)
        most = min(self.best, _LARGEST * float(self.steps.max()))
        system = self._system
        rows = replace(system.rows, coefficients=system.rows.coefficients * self._sizes(system.sales.shape[1]))
        counts = np.floor(np.minimum(upper * most, most * _LARGEST) / self.steps + _WHOLE)
        sales = np.zeros(system.sales.shape[1])
        box = Box(
            np.concatenate((np.ceil(lower * least / self.steps - _WHOLE), sales, [least])),
            np.concatenate((counts, np.full(sales.size, most), [most])),
        )
        relaxation = Relaxation(np.append(np.zeros(counts.size + sales.size), 1.0), rows)
        start = self._cuts_at(self.terms.optimum)
        if start:
            relaxation.cut(start)
        return search(relaxation, self, box, gap, 0.0, most_parts)

    def offer(self, point: Floats) -> float:
        """Try the nearest whole counts."""
        self._try(np.round(point[: self.steps.size]))
        return self.best

    def cuts(self, point: Floats) -> list[Cut]:
        """Cuts of the risk limits that the counts break at the point's capital."""
        amounts = point[: self.steps.size] * self.steps
        return [self._cut(slope.slope, slope.limit) for slope in self._risk.broken(amounts, float(point[-1]))]

    def parts(self, point: Floats, box: Box) -> tuple[Box, ...]:
        """Below and above the count that is least whole in capital; then what a least weight if held leaves."""
        counts = point[: self.steps.size]
        off = np.abs(counts - np.round(counts))
        place = int(np.argmax(np.where(off > _WHOLE, off * self.steps, 0.0)))
        if off[place] > _WHOLE:
            return _split(box, place, float(np.floor(counts[place])))
        held = self.terms.few.least_held
        if held is None:
            return ()
        amounts = np.round(counts) * self.steps
        short = np.where(amounts > 0.0, held * point[-1] - amounts, 0.0)
        place = int(np.argmax(short))
        if short[place] <= _WHOLE * self.steps[place]:
            return ()
        if box.lower[place] < 1.0:
            return _split(box, place, 0.0)
        below, above = _split(box, place, float(np.round(counts[place])))
        most = below.upper.copy()
        most[-1] = min(most[-1], amounts[place] / held)
        return Box(below.lower, most), above

    def _cuts_at(self, weights: Floats) -> list[Cut]:
        return [self._cut(slope.slope, slope.limit) for slope in self._risk.slopes(weights)]

    def _cut(self, slope: Floats, limit: float) -> Cut:
        sales = np.zeros(self._system.sales.shape[1])
        return Cut(np.concatenate((slope * self.steps, sales, [-limit])), 0.0)

    def _sizes(self, sales: int) -> Floats:
        return np.concatenate((self.steps, np.ones(sales + 1)))

    def _round_optimum(self, least: float) -> None:
        """A first account: the continuous optimum in whole counts, at larger and larger capitals."""
        for capital in np.geomspace(least, _LARGEST * float(self.steps.max()), _TRIED):
            if capital >= self.best:
                return
            amounts = self.terms.optimum * capital / self.steps
            self._try(np.round(amounts))
            self._try(np.floor(amounts + _WHOLE))

    def _try(self, counts: Floats) -> None:
        """Keep the counts if they need less capital: whole cents at which all limits hold on all the scenarios."""
        if not counts.any():
            return
        least, most = self._span.of(counts * self.steps)
        if least > most * (1.0 + _WHOLE) or least >= self.best:
            return
        capital = (Decimal(least * self.scale) / CENT).to_integral_value(ROUND_CEILING) * CENT
        for nudge in range(_NUDGES):
            nudged = capital + nudge * CENT
            if not self.full.broken_by(self.terms.weights(counts, nudged)):
                if float(nudged) / self.scale < self.best:
                    self.counts, self.capital, self.best = counts, nudged, float(nudged) / self.scale
                return


def _split(box: Box, place: int, below: float) -> tuple[Box, Box]:
    upper, lower = box.upper.copy(), box.lower.copy()
    upper[place], lower[place] = below, below + 1.0
    return Box(box.lower, upper), Box(lower, box.upper)
