"""How strongly every pair of series moves together when one is read some days later than the other.

Strength is the heteroskedasticity-robust z = Σxy ÷ √(Σx²y²) of centred returns (H. White, "A heteroskedasticity-
consistent covariance matrix estimator", Econometrica 48, 1980, for the slope under the hypothesis of no relation).
Volatility comes in clusters, and a plain correlation test would call two crises a relation; this one weighs each day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.model import Floats

MIN_COMMON_DAYS = 60
"""Pairs with fewer common days than this say nothing about timing."""

Singles = NDArray[np.float32]


@dataclass(frozen=True)
class LeadLag:
    """Robust z of N series against each other at lags −L … L.

    Attributes
    ----------
    forward : (L + 1, N, N) float32; forward[k, i, j] is the z of series i at row t + k with series j at row t. Negative
        lags are the transpose. 0 where a pair has too few common days or one of the two does not vary. Diagonal 0.
    """

    forward: Singles

    @property
    def max_lag(self) -> int:
        """The widest lag L, in rows."""
        return len(self.forward) - 1

    def against(self, reference: int, offset: int) -> Singles:
        """z of every series read o rows later, o = −L … L, with a reference that is itself `offset` rows late.

        Shape (N, 2L + 1). Lags between the two beyond L carry no evidence: 0.
        """
        widest = self.max_lag
        table = np.zeros((self.forward.shape[1], 2 * widest + 1), dtype=np.float32)
        for column, own in enumerate(range(-widest, widest + 1)):
            lag = own - offset
            if 0 <= lag <= widest:
                table[:, column] = self.forward[lag, :, reference]
            elif -widest <= lag < 0:
                table[:, column] = self.forward[-lag, reference, :]
        return table

    def with_each(self, series: int, lags: NDArray[np.int64]) -> Singles:
        """z of one series read lags[j] rows after series j, for every j: shape (N,); 0 beyond L."""
        everyone = np.arange(len(lags))
        depth = np.minimum(np.abs(lags), self.max_lag)
        z = np.where(lags >= 0, self.forward[depth, series, everyone], self.forward[depth, everyone, series])
        return np.where(np.abs(lags) <= self.max_lag, z, np.float32(0.0))


@dataclass(frozen=True)
class PairAtLags:
    """One pair at a lag of interest and at another: plain correlations, robust z, and the z of their difference."""

    correlation: float
    z: float
    other_correlation: float
    z_of_difference: float


def lead_lag(values: Floats, max_lag: int) -> LeadLag:
    """Robust z of every pair of columns at every lag, by two matrix products per lag in single precision.

    Parameters
    ----------
    values : (S, N) decimal returns on consecutive trading days, NaN where there is none.
    max_lag : widest lag in rows, 0 ≤ max_lag < S.
    """
    scaled, mask = _standardised(values)
    squares = np.square(scaled)
    common = mask.T @ mask
    usable = common >= MIN_COMMON_DAYS
    np.fill_diagonal(usable, False)
    rows, n = values.shape
    forward = np.zeros((max_lag + 1, n, n), dtype=np.float32)
    for lag in range(max_lag + 1):
        cross = scaled[lag:].T @ scaled[: rows - lag]
        spread = squares[lag:].T @ squares[: rows - lag]
        np.divide(cross, np.sqrt(spread, out=spread), out=forward[lag], where=usable & (spread > 0.0))
    return LeadLag(forward)


def pair_at_lags(series: Floats, reference: Floats, lag: int, other: int) -> PairAtLags:
    """The pair with `series` read `lag` rows after `reference`, compared with reading it `other` rows after.

    The difference is |relation at lag| − |relation at other|, tested like a relation: by what each row adds to it.

    Parameters
    ----------
    series, reference : (S,), NaN where there is no return.
    """
    products = shifted_products(series, reference, lag)
    others = shifted_products(series, reference, other)
    both = np.isfinite(products) & np.isfinite(others)
    gain = np.sign(np.nansum(products)) * products[both] - np.sign(np.nansum(others)) * others[both]
    return PairAtLags(
        correlation=_correlation(series, reference, lag),
        z=_robust_z(products[np.isfinite(products)]),
        other_correlation=_correlation(series, reference, other),
        z_of_difference=_robust_z(gain),
    )


def shifted_products(series: Floats, reference: Floats, lag: int) -> Floats:
    """Centred products series[t + lag] × reference[t], shape (S,), NaN where either is missing or out of range."""
    product: Floats = _moved(series - np.nanmean(series), lag) * (reference - np.nanmean(reference))
    return product


def _moved(series: Floats, lag: int) -> Floats:
    """series[t + lag] at t, NaN beyond its ends."""
    moved = np.full(series.shape, np.nan)
    rows = len(series)
    moved[max(-lag, 0) : rows - max(lag, 0)] = series[max(lag, 0) : rows - max(-lag, 0)]
    return moved


def _correlation(series: Floats, reference: Floats, lag: int) -> float:
    moved = _moved(series, lag)
    both = np.isfinite(moved) & np.isfinite(reference)
    x, y = moved[both], reference[both]
    if x.size < 2 or x.min() == x.max() or y.min() == y.max():
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def _robust_z(products: Floats) -> float:
    spread = float(np.sqrt(np.sum(np.square(products))))
    return float(products.sum()) / spread if spread > 0.0 else 0.0


def _standardised(values: Floats) -> tuple[Singles, Singles]:
    """Centred, scaled to unit variance, gaps and constant columns at 0; and the mask of days that have a return."""
    present = np.isfinite(values)
    days = np.maximum(present.sum(axis=0), 1)
    centred = np.where(present, values - np.add.reduce(values, axis=0, where=present) / days, 0.0)
    deviation = np.sqrt(np.square(centred).sum(axis=0) / days)
    moves = deviation > 1e-12
    scaled = np.where(moves, centred / np.where(moves, deviation, 1.0), 0.0)
    return scaled.astype(np.float32), present.astype(np.float32)
