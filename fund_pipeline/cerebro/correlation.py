"""Pairwise-complete correlation of unequal histories, and its lagged twin.

Each pair is correlated over the days both have, so every moment of a pair depends on the other's gaps. With the mask M
(1 where there is a return) and the centred returns X (0 where there is none) all are matrix products: MᵀM counts, XᵀM
sums, (X²)ᵀM sums of squares and XᵀX cross products, which BLAS does at full speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.cerebro.psd import Repaired, repair_psd
from fund_pipeline.errors import InputError

__all__ = [
    "LaggedCorrelation",
    "PairwiseCorrelation",
    "Repaired",
    "lagged_correlation",
    "pairwise_correlation",
    "repair_psd",
]

_ROWS_AT_ONCE = 1024
"""Rows per block: keeps the working copies far below the matrix itself, and float32 counts exact (< 2²⁴)."""

_CANCELLED = 1e-3
"""A variance below this share of its sum of squares lost digits to cancellation; its pairs are redone in two passes."""

Counts = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class PairwiseCorrelation:
    """Correlations of N series, pair by pair.

    Attributes
    ----------
    matrix : (N, N), symmetric, in [−1, 1], NaN where a pair overlaps too little or one does not vary; diagonal 1.
    overlap : (N, N), number of days each pair has in common.
    """

    matrix: Floats
    overlap: Counts


@dataclass(frozen=True)
class LaggedCorrelation:
    """The correlation of largest absolute value over a band of lags, pair by pair.

    Attributes
    ----------
    matrix : (N, N), symmetric, in [−1, 1], NaN where no lag is defined; diagonal 1.
    lag : (N, N), antisymmetric: lag[i, j] = k means series j moves k rows after series i.
    """

    matrix: Floats
    lag: NDArray[np.int64]


def pairwise_correlation(values: Floats, min_overlap: int) -> PairwiseCorrelation:
    """Pearson correlation of every pair of columns over the rows both have, equal to pandas' corr(min_periods=…).

    Parameters
    ----------
    values : (S, N), NaN where a series has no value.
    min_overlap : fewest common rows for a correlation to be defined, at least 2.

    Raises
    ------
    InputError : not two-dimensional, or min_overlap below 2.
    """
    _check(values, min_overlap)
    matrix, overlap = _correlate_at(values, _centres(values), 0, min_overlap)
    defined = np.isfinite(np.diagonal(matrix))
    np.fill_diagonal(matrix, np.where(defined, 1.0, np.nan))
    return PairwiseCorrelation(matrix, overlap)


def lagged_correlation(values: Floats, min_overlap: int, max_lag: int = 1) -> LaggedCorrelation:
    """For each pair the strongest correlation over lags −max_lag … max_lag: a misdated series can't hide its risk.

    Parameters and errors as for `pairwise_correlation`; rows are consecutive trading days; 0 ≤ max_lag < S.
    """
    _check(values, min_overlap)
    if not 0 <= max_lag < len(values):
        raise InputError(f"max_lag is {max_lag}, expected 0 to {len(values) - 1}, less than the rows")
    centres = _centres(values)
    best = _correlate_at(values, centres, 0, min_overlap)[0]
    lag = np.zeros(best.shape, dtype=np.int64)
    diagonal = np.where(np.isfinite(np.diagonal(best)), 1.0, np.nan)
    for k in range(1, max_lag + 1):
        later = _correlate_at(values, centres, k, min_overlap)[0]
        for candidate, label in ((later, k), (later.T, -k)):
            stronger = (np.abs(candidate) > np.abs(best)) | (np.isnan(best) & np.isfinite(candidate))
            best = np.where(stronger, candidate, best)
            lag = np.where(stronger, label, lag)
    above = np.triu(best, 1)
    lag_above = np.triu(lag, 1)
    matrix: Floats = above + above.T
    np.fill_diagonal(matrix, diagonal)
    return LaggedCorrelation(matrix, lag_above - lag_above.T)


def _check(values: Floats, min_overlap: int) -> None:
    if values.ndim != 2:
        raise InputError(f"values have shape {values.shape}, expected (days, strategies)")
    if min_overlap < 2:
        raise InputError(f"min_overlap is {min_overlap}, expected at least 2: one day has no correlation")


def _centres(values: Floats) -> Floats:
    """Mean of each column over its own days, exact for a constant one; 0 for an empty one."""
    present = np.isfinite(values)
    sums = np.add.reduce(values, axis=0, where=present)
    centres: Floats = sums / np.maximum(present.sum(axis=0), 1)
    low = np.minimum.reduce(values, axis=0, where=present, initial=np.inf)
    high = np.maximum.reduce(values, axis=0, where=present, initial=-np.inf)
    return np.where(low == high, low, centres)


def _blocks(values: Floats, centres: Floats, lag: int) -> Iterator[tuple[Floats, Flags, Floats, Flags]]:
    """Centred, zero-filled blocks of rows t and t + lag, with their masks; the same objects when the lag is 0."""
    rows = len(values) - lag
    for start in range(0, rows, _ROWS_AT_ONCE):
        stop = min(start + _ROWS_AT_ONCE, rows)
        here = _filled(values[start:stop], centres)
        there = here if lag == 0 else _filled(values[start + lag : stop + lag], centres)
        yield *here, *there


def _filled(block: Floats, centres: Floats) -> tuple[Floats, Flags]:
    mask = np.isfinite(block)
    return np.where(mask, block - centres, 0.0), mask


def _correlate_at(values: Floats, centres: Floats, lag: int, min_overlap: int) -> tuple[Floats, Counts]:
    """Correlation of column i at row t with column j at row t + lag, and the number of such rows, both (N, N)."""
    n = values.shape[1]
    counts = np.zeros((n, n), dtype=np.int32)
    cross, left_sum, left_square = (np.zeros((n, n)) for _ in range(3))
    right_sum, right_square = (left_sum.T, left_square.T) if lag == 0 else (np.zeros((n, n)), np.zeros((n, n)))
    for left, left_mask, right, right_mask in _blocks(values, centres, lag):
        ones = left_mask.astype(np.float32)
        other_ones = ones if lag == 0 else right_mask.astype(np.float32)
        counts += (ones.T @ other_ones).astype(np.int32)
        cross += left.T @ right
        _add_masked_sums(left, right_mask, left_sum, left_square)
        if lag:
            _add_masked_sums(right, left_mask, right_sum.T, right_square.T)
    days = np.maximum(counts, 1)
    left_variance = left_square - np.square(left_sum) / days
    right_variance = left_variance.T if lag == 0 else right_square - np.square(right_sum) / days
    cross -= left_sum * right_sum / days
    enough = counts >= min_overlap
    lost = (left_variance <= _CANCELLED * left_square) | (right_variance <= _CANCELLED * right_square)
    product = left_variance * right_variance
    usable = enough & (product > 0.0) & ~lost
    matrix = np.full((n, n), np.nan)
    np.divide(cross, np.sqrt(product, where=usable, out=np.ones((n, n))), out=matrix, where=usable)
    np.clip(matrix, -1.0, 1.0, out=matrix)
    _redo(values, lag, enough & lost & (left_square > 0.0) & (right_square > 0.0), matrix)
    return matrix, counts


def _add_masked_sums(block: Floats, mask: Flags, sums: Floats, squares: Floats) -> None:
    """Add Σ block[t, i] and Σ block[t, i]² over the rows t where mask[t, j], at [i, j].

    Only columns with gaps inside the block need a product: histories mostly begin once and then run on.
    """
    full = mask.all(axis=0)
    gappy = mask.any(axis=0) & ~full
    squared = np.square(block)
    if gappy.all():
        ones = mask.astype(np.float64)
        sums += block.T @ ones
        squares += squared.T @ ones
        return
    ones = mask[:, gappy].astype(np.float64)
    for values, total in ((block, sums), (squared, squares)):
        total[:, gappy] += values.T @ ones
        total[:, full] += values.sum(axis=0)[:, None]


def _redo(values: Floats, lag: int, pairs: Flags, matrix: Floats) -> None:
    """Two-pass correlation of the few pairs that barely vary over their common days, written into the matrix."""
    rows = len(values) - lag
    for i, j in zip(*np.nonzero(pairs), strict=True):
        if lag == 0 and j < i:
            matrix[i, j] = matrix[j, i]
            continue
        x, y = values[:rows, i], values[lag:, j]
        both = np.isfinite(x) & np.isfinite(y)
        x, y = x[both], y[both]
        if x.min() == x.max() or y.min() == y.max():
            continue
        x, y = x - x.mean(), y - y.mean()
        matrix[i, j] = np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0)
