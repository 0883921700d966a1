"""Where a figure lies in most samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.model import Floats

LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Band:
    """The 5 %, 50 % and 95 % quantiles of a figure over the samples, interpolated linearly."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class WeightBands:
    """The same of N weights, each (N,)."""

    low: Floats
    median: Floats
    high: Floats


def band_of(figures: Sequence[float]) -> Band | None:
    """The band of figures without NaN; None if there are none."""
    if not figures:
        return None
    low, median, high = np.quantile(np.array(figures), LEVELS)
    return Band(float(low), float(median), float(high))


def bands_of(weights: Sequence[Floats]) -> WeightBands:
    """The bands of at least one vector of weights, each (N,)."""
    low, median, high = np.quantile(np.array(weights), LEVELS, axis=0)
    return WeightBands(low, median, high)
