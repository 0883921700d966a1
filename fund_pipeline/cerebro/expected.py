"""What each strategy may be expected to return a year: its sample mean, or that mean shrunk towards a common one.

Shrinkage is the Bayes-Stein estimator of P. Jorion, "Bayes-Stein estimation for portfolio analysis", Journal of
Financial and Quantitative Analysis 21 (1986), equations 14 and 17, after W. James and C. Stein, "Estimation with
quadratic loss" (1961): with S days, N strategies, sample means μ and sample covariance Ŝ,

    Σ = Ŝ·(S − 1) ÷ (S − N − 2),   μ₀ = 1ᵀΣ⁻¹μ ÷ 1ᵀΣ⁻¹1,   φ = (N + 2) ÷ ((N + 2) + S·(μ − μ₀)ᵀΣ⁻¹(μ − μ₀)),

and the estimate is (1 − φ)·μ + φ·μ₀: μ₀ is the mean of the portfolio of least variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fund_pipeline.cerebro.model import TRADING_DAYS, Floats
from fund_pipeline.errors import InputError

_NO_EIGENVALUE = 1e-10
"""Eigenvalue of the correlation matrix, as a share of its greatest, below which it is the rounding of 0."""

_ORTHOGONAL = 1e-12


class Means(StrEnum):
    """How expected returns are estimated."""

    SAMPLE = "sample"
    JAMES_STEIN = "james-stein"


class ShrinkageTarget(StrEnum):
    """The common mean towards which the sample means are shrunk."""

    MINIMUM_VARIANCE = "mean of the portfolio of least variance"
    GRAND_MEAN = "mean of all strategies"


@dataclass(frozen=True)
class ExpectedReturns:
    """Expected annual returns and how they were found.

    Attributes
    ----------
    annual : (N,) decimals.
    means : the estimator.
    intensity : share of the common mean in each estimate, in [0, 1]; 0 for sample means.
    target : what the common mean is; None for sample means, and where no strategy varies.
    target_annual : its value, a decimal; None as for `target`.
    """

    annual: Floats
    means: Means
    intensity: float
    target: ShrinkageTarget | None
    target_annual: float | None


def expected_returns(returns: Floats, means: Means) -> ExpectedReturns:
    """Expected annual returns of N strategies by the named estimator.

    Parameters
    ----------
    returns : (S, N) decimal daily returns without NaN, at least one day and one strategy.

    Raises
    ------
    InputError : another shape, or a return that is not a finite number.
    """
    match means:
        case Means.SAMPLE:
            return ExpectedReturns(sample_mean(returns), means, 0.0, None, None)
        case Means.JAMES_STEIN:
            return james_stein(returns)


def sample_mean(returns: Floats) -> Floats:
    """(N,) mean daily return × 252. Parameters and errors as for `expected_returns`."""
    _check(returns)
    annual: Floats = returns.mean(axis=0) * TRADING_DAYS
    return annual


def james_stein(returns: Floats) -> ExpectedReturns:
    """Means shrunk towards a common one; see the module. Parameters and errors as for `expected_returns`.

    Where the published formula is not defined:

    - A strategy that never varies keeps its mean, which is known, and has no say in the common one.
    - A singular covariance is inverted over its range (Moore-Penrose, of the correlations) and N is its rank, so that a
      copy of a strategy changes nothing. A target that the range says nothing about is the mean of all that vary.
    - With no more days than rank + 2 the days cannot tell the means apart. φ tends to 1 as S falls to N + 2, so it is
      1: all that vary are given the mean of all that vary.
    """
    _check(returns)
    annual = sample_mean(returns)
    varies = returns.min(axis=0) < returns.max(axis=0)
    if not varies.any():
        return ExpectedReturns(annual, Means.JAMES_STEIN, 0.0, None, None)
    intensity, target, common = _shrinkage(returns[:, varies], annual[varies] / TRADING_DAYS)
    common *= TRADING_DAYS
    shrunk = np.where(varies, annual + intensity * (common - annual), annual)
    return ExpectedReturns(shrunk, Means.JAMES_STEIN, intensity, target, common)


def _shrinkage(returns: Floats, means: Floats) -> tuple[float, ShrinkageTarget, float]:
    """φ, what μ₀ is, and its daily value, for strategies that all vary."""
    days = len(returns)
    deviations = returns.std(axis=0, ddof=1)
    standard = (returns - means) / deviations
    eigenvalues, vectors = np.linalg.eigh(standard.T @ standard / (days - 1))
    real = eigenvalues > _NO_EIGENVALUE * eigenvalues[-1]
    rank = int(real.sum())
    if days <= rank + 2:
        return 1.0, ShrinkageTarget.GRAND_MEAN, float(means.mean())
    # Rows of `axes` are orthonormal under the inverse of Ŝ over its range: uᵀŜ⁻¹v = (axes @ u) · (axes @ v).
    axes = (vectors[:, real] / np.sqrt(eigenvalues[real])).T / deviations
    ones, along = axes.sum(axis=1), axes @ means
    precision = float(ones @ ones)
    least = _ORTHOGONAL * float(np.square(1.0 / deviations).sum())
    known = precision > least
    common = float(ones @ along) / precision if known else float(means.mean())
    apart = along - common * ones
    distance = days * float(apart @ apart) * (days - rank - 2) / (days - 1)
    target = ShrinkageTarget.MINIMUM_VARIANCE if known else ShrinkageTarget.GRAND_MEAN
    return (rank + 2) / (rank + 2 + distance), target, common


def _check(returns: Floats) -> None:
    if returns.ndim != 2 or not returns.size:
        raise InputError(f"returns have shape {returns.shape}, expected at least one day and one strategy")
    if not np.isfinite(returns).all():
        row, column = np.argwhere(~np.isfinite(returns))[0]
        raise InputError(
            f"return {row} of strategy {column} is {returns[row, column]}",
            remedy="give the days on which every strategy has a return",
        )
