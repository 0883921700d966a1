"""Small made-up returns of three strategies, the same for the same seed."""

from __future__ import annotations

import numpy as np

from fund_pipeline.allocations.pose import Backtests
from fund_pipeline.cerebro.model import ReturnsMatrix

NAMES = ("A", "B", "C")


def backtests(seed: int = 7, **hashes: str) -> Backtests:
    """600 days, of which A lacks the first 50; each uses a margin of 0.4."""
    rng = np.random.default_rng(seed)
    values = rng.standard_t(4, size=(600, 3)) * 0.006 + np.array([0.0008, 0.0006, 0.0002])
    values[:50, 0] = np.nan
    matrix = ReturnsMatrix(np.arange("2020-01-01", 600, dtype="datetime64[D]"), NAMES, values)
    return Backtests(matrix, {name: hashes.get(name, f"hash-{name}") for name in NAMES}, dict.fromkeys(NAMES, 0.4))
