"""Correlations taken pair by pair need not be those of anything; the repair that makes them so, and says so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError

_PSD_TOLERANCE = 1e-10
"""Least eigenvalue, below 0, that rounding alone may produce."""


@dataclass(frozen=True)
class Repaired:
    """A correlation matrix that is positive semi-definite, and what that took.

    Attributes
    ----------
    matrix : (N, N), unit diagonal, no NaN.
    least_eigenvalue_before, least_eigenvalue_after : of the matrix with undefined pairs at 0, and of the result.
    largest_change : greatest absolute change of a defined correlation.
    changed : whether the spectral repair was needed; if not, defined correlations are as they were given.
    undefined_pairs : pairs (i < j) that were NaN and are now 0, or what the repair made of 0.
    """

    matrix: Floats
    least_eigenvalue_before: float
    least_eigenvalue_after: float
    largest_change: float
    changed: bool
    undefined_pairs: int


def repair_psd(matrix: Floats) -> Repaired:
    """The nearby positive semi-definite correlation matrix by spectral decomposition.

    Negative eigenvalues become 0 and rows are rescaled to a unit diagonal (R. Rebonato and P. Jäckel, "The most general
    methodology to create a valid correlation matrix for risk management and option pricing purposes", 1999, section 3).

    Parameters
    ----------
    matrix : (N, N), symmetric, NaN where undefined.

    Raises
    ------
    InputError : not square, not symmetric, or an infinite entry.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise InputError(f"the correlation matrix has shape {matrix.shape}, expected a square one")
    if not np.array_equal(matrix, matrix.T, equal_nan=True) or np.isinf(matrix).any():
        raise InputError("the correlation matrix is not symmetric and finite")
    undefined = np.isnan(matrix)
    np.fill_diagonal(undefined, False)
    filled = np.where(undefined, 0.0, matrix)
    np.fill_diagonal(filled, 1.0)
    pairs = int(undefined.sum()) // 2
    eigenvalues, vectors = np.linalg.eigh(filled)
    before = float(eigenvalues[0])
    if before >= -_PSD_TOLERANCE:
        return Repaired(filled, before, before, 0.0, False, pairs)
    factors = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    factors /= np.linalg.norm(factors, axis=1, keepdims=True)
    repaired: Floats = factors @ factors.T
    np.fill_diagonal(repaired, 1.0)
    after = float(np.linalg.eigvalsh(repaired)[0])
    change = float(np.abs(repaired - filled)[~undefined].max())
    return Repaired(repaired, before, after, change, True, pairs)
