"""Pairwise-complete correlation against pandas: `python -m benchmarks.correlation`.

Prints median seconds of both on the same seeded matrix (5040 days × 1000 strategies, half the returns missing), their
ratio, and the greatest absolute difference. Promised: at least 3 times faster, equal to 1e-12.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from fund_pipeline.cerebro.correlation import pairwise_correlation

DAYS, STRATEGIES, MISSING, MIN_OVERLAP = 5040, 1000, 0.5, 60


def generate(kind: str, seed: int = 20240101) -> np.ndarray:
    """Returns with three common factors; `scattered` gaps anywhere, or `histories` that begin on different days."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(0.0, 0.006, (DAYS, 3)) @ rng.normal(0.0, 1.0, (3, STRATEGIES))
    values = 3e-4 + factors + rng.normal(0.0, 0.01, (DAYS, STRATEGIES))
    if kind == "scattered":
        values[rng.random(values.shape) < MISSING] = np.nan
        return values
    starts = rng.integers(0, int(2 * MISSING * DAYS) - 2 * MIN_OVERLAP, STRATEGIES)
    values[np.arange(DAYS)[:, None] < starts] = np.nan
    return values


def median_seconds(call: Callable[[], object], runs: int) -> float:
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    for kind in ("scattered", "histories"):
        values = generate(kind)
        frame = pd.DataFrame(values)
        difference = np.abs(
            pairwise_correlation(values, MIN_OVERLAP).matrix - frame.corr(min_periods=MIN_OVERLAP).to_numpy()
        )
        ours = median_seconds(lambda v=values: pairwise_correlation(v, MIN_OVERLAP), runs=5)
        pandas = median_seconds(lambda f=frame: f.corr(min_periods=MIN_OVERLAP), runs=3)
        print(
            f"correlation {DAYS} x {STRATEGIES}, {np.isnan(values).mean():.0%} missing ({kind}): "
            f"pandas {pandas:.2f} s, ours {ours:.2f} s, ratio {pandas / ours:.1f}, "
            f"greatest difference {np.nanmax(difference):.1e}"
        )


if __name__ == "__main__":
    main()
