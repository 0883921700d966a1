"""Groups of strategies that move together, to be capped as one."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError


def correlation_clusters(correlation: Floats, names: tuple[str, ...], threshold: float) -> tuple[tuple[str, ...], ...]:
    """A partition of the strategies: groups whose members correlate at least `threshold` with each other on average.

    Average linkage on the distance 1 − correlation, cut at 1 − threshold (R. R. Sokal and C. D. Michener, "A
    statistical method for evaluating systematic relationships", 1958).

    Parameters
    ----------
    correlation : (N, N) without NaN (repaired).
    names : N strategy ids.
    threshold : correlation in (−1, 1).

    Returns
    -------
    Groups in the order of their first member, members in the given order; a strategy of its own is a group of one.

    Raises
    ------
    InputError : shapes that do not match, a NaN, or a threshold out of range.
    """
    if correlation.shape != (len(names), len(names)) or not np.isfinite(correlation).all():
        raise InputError(
            f"correlation has shape {correlation.shape}, expected {len(names)} rows and columns without NaN"
        )
    if not -1.0 < threshold < 1.0:
        raise InputError(f"threshold is {threshold}, expected a correlation between -1 and 1")
    if len(names) < 2:
        return tuple((name,) for name in names)
    distance = 1.0 - (correlation + correlation.T) / 2.0
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(np.maximum(distance, 0.0), checks=False), method="average")
    labels = fcluster(tree, t=1.0 - threshold + 1e-12, criterion="distance")
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels, strict=True):
        groups.setdefault(int(label), []).append(name)
    return tuple(tuple(group) for group in groups.values())
