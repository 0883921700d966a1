"""Means of a window that moves through a matrix, at the cost of the rows that enter and leave."""

from __future__ import annotations

import numpy as np

from fund_pipeline.cerebro.model import Floats


class RollingMean:
    """Mean of consecutive rows of a matrix, exact to the last bits wherever the window has been.

    The rounding of every addition is kept and added in the end (D. E. Knuth, "The Art of Computer Programming" 2,
    section 4.2.2, theorem B: the error of a sum is itself a number), so that thousands of moves do not drift.

    Parameters
    ----------
    values : (S, N) without NaN; rows are read only when the window reaches them.
    """

    def __init__(self, values: Floats) -> None:
        self._values = values
        self._sum = np.zeros(values.shape[1])
        self._lost = np.zeros(values.shape[1])
        self._first = 0
        self._end = 0

    def of(self, first: int, end: int) -> Floats:
        """(N,) mean of rows first ≤ t < end; neither may be less than last time."""
        for row in range(self._end, end):
            self._add(self._values[row])
        for row in range(self._first, first):
            self._add(-self._values[row])
        self._first, self._end = first, end
        mean: Floats = (self._sum + self._lost) / (end - first)
        return mean

    def _add(self, row: Floats) -> None:
        before = self._sum
        after = before + row
        added = after - before
        self._lost += (before - (after - added)) + (row - added)
        self._sum = after
