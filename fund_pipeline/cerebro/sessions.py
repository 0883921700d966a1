"""Returns of different calendars on the sessions of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.model import ReturnsMatrix


def compound_onto(matrix: ReturnsMatrix, sessions: NDArray[np.datetime64]) -> ReturnsMatrix:
    """The same returns with one row per session: what happened between two sessions counts in the later one.

    A weekend of a strategy that trades around the clock is compounded into Monday, so that no loss is left out and no
    row stands for less than a session. Days after the last whole session are left out.

    Parameters
    ----------
    matrix : decimal daily returns on any days.
    sessions : datetime64[D], strictly increasing.

    Returns
    -------
    One row for every session from the first to the last day of the matrix; NaN where a strategy has no return since the
    session before. Where every day is a session already, the returns are the same numbers.
    """
    if not len(matrix.dates):
        return matrix
    first = int(np.searchsorted(sessions, matrix.dates[0], side="left"))
    last = int(np.searchsorted(sessions, matrix.dates[-1], side="right"))
    kept = sessions[first:last]
    at = np.searchsorted(kept, matrix.dates, side="left")
    within = at < len(kept)
    values = np.full((len(kept), len(matrix.strategies)), np.nan)
    rows, starts, counts = np.unique(at[within], return_index=True, return_counts=True)
    inside = matrix.values[within]
    values[rows] = inside[starts]
    for row, start, count in zip(rows[counts > 1], starts[counts > 1], counts[counts > 1], strict=True):
        group = inside[start : start + count]
        present = np.isfinite(group)
        growth = np.prod(np.where(present, 1.0 + group, 1.0), axis=0) - 1.0
        values[row] = np.where(present.any(axis=0), growth, np.nan)
    return ReturnsMatrix(kept, matrix.strategies, values)
