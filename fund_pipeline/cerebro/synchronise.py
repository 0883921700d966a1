"""Find by how many days each series is late, from how they lead and lag each other, without blaming the innocent.

A misdated series disagrees with most others; a correct one disagrees only with the misdated. So dates are settled the
way clocks are set: the market's is right, the series whose relation to it is beyond doubt are placed first, and each
further series is placed against all that are already placed, most decisive first. A group that no chain of evidence
ties to the market has only relative dates; its majority is taken as right, and without one nothing is said about it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.lead_lag import LeadLag, Singles
from fund_pipeline.cerebro.model import Floats

NOISE_Z = 3.0
"""Below this a z is the kind of value that the best of some twenty lags shows by chance; it does not vote."""

DECISIVE = 10.0
"""Lead in votes (units of z², twice a log-likelihood ratio) that the best offset needs over each other: odds of 150."""

_SWEEPS = 10


@dataclass(frozen=True)
class Placement:
    """What is known of one series' dates.

    Attributes
    ----------
    offset : trading days the series is late; None if its evidence does not decide.
    by_market : whether the market alone decided.
    """

    offset: int | None
    by_market: bool


def synchronise(table: LeadLag, market: int, significant_z: float) -> tuple[Placement, ...]:
    """Offsets of all series of the table; the market, itself one of them, is at 0.

    Parameters
    ----------
    table : lead and lag of N series.
    market : the market's index in it.
    significant_z : |z| from which one relation, chosen among all lags and references, is beyond chance.
    """
    return _Clocks(table, market, significant_z).settle()


class _Clocks:
    """The state of one settlement: who is placed where, and what the placed ones say about everyone."""

    def __init__(self, table: LeadLag, market: int, significant_z: float) -> None:
        self.table = table
        self.market = market
        self.significant_z = significant_z
        self.count = table.forward.shape[1]
        self.offsets: dict[int, int] = {}
        self.fixed = {market}
        self.silent: set[int] = set()
        self.votes = np.zeros((self.count, 2 * table.max_lag + 1))
        self.strongest = np.zeros_like(self.votes)

    def settle(self) -> tuple[Placement, ...]:
        self._place(self.market, 0)
        self._place_by_market()
        self._grow()
        self._refine()
        while (seed := self._seed()) is not None:
            settled = set(self.offsets)
            self._place(seed, 0)
            self._grow()
            self._refine()
            self._set_by_majority(set(self.offsets) - settled)
        return tuple(Placement(self.offsets.get(i), i in self.fixed) for i in range(self.count))

    def _place(self, series: int, offset: int) -> None:
        self.offsets[series] = offset
        z = np.abs(self.table.against(series, offset))
        self.votes += _votes(z)
        np.maximum(self.strongest, z, out=self.strongest)

    def _place_by_market(self) -> None:
        z = np.abs(self.table.against(self.market, 0))
        votes = _votes(z)
        best, lead = _best_and_lead(votes)
        decided = (lead >= DECISIVE) & (z[np.arange(self.count), best] >= self.significant_z)
        for series in np.flatnonzero(decided):
            self.fixed.add(int(series))
            self._place(int(series), int(best[series]) - self.table.max_lag)

    def _grow(self) -> None:
        """Place one more series, the most decisive first, until none is left that the placed ones can decide."""
        while True:
            best, lead = _best_and_lead(self.votes)
            significant = self.strongest[np.arange(self.count), best] >= self.significant_z
            candidate = np.where(significant & (lead >= DECISIVE), lead, -1.0)
            candidate[[*self.offsets, *self.silent]] = -1.0
            series = int(np.argmax(candidate))
            if candidate[series] < 0.0:
                return
            self._place(series, int(best[series]) - self.table.max_lag)

    def _refine(self) -> None:
        """Let each placed series hear those placed after it; move it if they are decisive."""
        for _ in range(_SWEEPS):
            best, lead = _best_and_lead(self.votes)
            moved = {
                series: int(best[series]) - self.table.max_lag
                for series, offset in self.offsets.items()
                if series not in self.fixed and lead[series] >= DECISIVE and best[series] - self.table.max_lag != offset
            }
            if not moved:
                return
            series = max(moved, key=lambda s: float(lead[s]))
            self._recount({**self.offsets, series: moved[series]})

    def _recount(self, offsets: dict[int, int]) -> None:
        self.offsets = {}
        self.votes[:] = 0.0
        self.strongest[:] = 0.0
        for series, offset in offsets.items():
            self._place(series, offset)

    def _seed(self) -> int | None:
        """The unplaced series with most votes from other unplaced ones, if any relation among them is significant."""
        rest = np.array([i for i in range(self.count) if i not in self.offsets and i not in self.silent])
        if rest.size < 2:
            return None
        z = np.abs(self.table.forward[:, rest[:, None], rest])
        if z.max() < self.significant_z:
            return None
        per_series = _votes(z).sum(axis=0)
        hearing = np.maximum(z.max(axis=(0, 1)), z.max(axis=(0, 2))) >= self.significant_z
        total = np.where(hearing, per_series.sum(axis=0) + per_series.sum(axis=1), -1.0)
        return int(rest[np.argmax(total)])

    def _set_by_majority(self, group: set[int]) -> None:
        """Shift a group's offsets so that its majority is at 0; a group without a majority falls silent."""
        most_common, followers = Counter(self.offsets[i] for i in group).most_common(1)[0]
        if len(group) == 1 or 2 * followers <= len(group):
            self.silent |= group
            self._recount({i: o for i, o in self.offsets.items() if i not in group})
        elif most_common:
            self._recount({i: o - most_common if i in group else o for i, o in self.offsets.items()})


def _votes(z: Singles) -> Floats:
    votes: Floats = np.maximum(np.square(z, dtype=np.float64) - NOISE_Z**2, 0.0)
    return votes


def _best_and_lead(votes: Floats) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Floats]:
    best = np.argmax(votes, axis=1)
    top_two = np.partition(votes, -2, axis=1)[:, -2:] if votes.shape[1] > 1 else np.pad(votes, ((0, 0), (1, 0)))
    lead: Floats = top_two[:, 1] - top_two[:, 0]
    return best, lead
