"""CVaR of weights and its subgradient, in basis points, touching only the columns that are held."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.model import Floats

BASIS_POINTS = 1e4
_WHOLE = 1e-9
_FIRST_COLUMNS = 32


class Tail:
    """The scenarios seen from their tail.

    Parameters
    ----------
    returns : (S, N) decimals.
    beta : confidence level.

    Attributes
    ----------
    size : (1 − β)·S, the days in the tail; whole : the whole days of it, at least 1 less than S.
    """

    def __init__(self, returns: Floats, beta: float) -> None:
        self.returns = returns
        self.scenarios, self.strategies = returns.shape
        self.beta = beta
        self.size = (1.0 - beta) * self.scenarios
        self.whole = min(math.floor(self.size + _WHOLE), self.scenarios - 1)
        self._kept = np.empty((self.scenarios, _FIRST_COLUMNS), order="F")
        self._seen = 0
        self._place = np.full(self.strategies, -1)

    def losses(self, weights: Floats) -> Floats:
        """(S,) in basis points."""
        held = np.flatnonzero(weights)
        unseen = held[self._place[held] < 0]
        if unseen.size:
            self._keep(unseen)
        spread = np.zeros(self._seen)
        spread[self._place[held]] = weights[held] * -BASIS_POINTS
        lost: Floats = self._kept[:, : self._seen] @ spread
        return lost

    def cvar(self, losses: Floats) -> tuple[float, NDArray[np.intp]]:
        """CVaR of the losses, and the whole + 1 scenarios it is the mean of, the one that counts in part first."""
        start = self.scenarios - self.whole - 1
        order = np.argpartition(losses, start)[start:]
        tail = losses[order]
        part = self.size - self.whole
        return float(tail[1:].sum() + part * tail[0]) / self.size, order

    def gradient(self, order: NDArray[np.intp]) -> Floats:
        """(N,) subgradient of CVaR at the weights whose tail this is, basis points."""
        counted = np.full(order.size, -BASIS_POINTS / self.size)
        counted[0] *= self.size - self.whole
        found: Floats = counted @ self.returns[order]
        return found

    def _keep(self, strategies: NDArray[np.intp]) -> None:
        """Copy columns to where they lie together: a column of a row-major matrix costs a cache line per scenario."""
        last = self._seen + strategies.size
        if last > self._kept.shape[1]:
            wider = np.empty((self.scenarios, min(2 * last, self.strategies)), order="F")
            wider[:, : self._seen] = self._kept[:, : self._seen]
            self._kept = wider
        self._kept[:, self._seen : last] = self.returns[:, strategies]
        self._place[strategies] = np.arange(self._seen, last)
        self._seen = last
