"""The problem a fund poses to Cerebro, and everything it depends on, written down."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fund_pipeline.accounts.limits import FundLimits
from fund_pipeline.allocations.eligibility import Eligibility
from fund_pipeline.cerebro.allocation import ALLOCATOR, Cluster, Constraints, Problem, correlation_clusters
from fund_pipeline.cerebro.correlation import pairwise_correlation
from fund_pipeline.cerebro.model import TRADING_DAYS, ReturnsMatrix
from fund_pipeline.cerebro.psd import repair_psd


@dataclass(frozen=True)
class Backtests:
    """What is optimised: all admitted returns, the version of each backtest, and its greatest margin ÷ equity."""

    matrix: ReturnsMatrix
    versions: Mapping[str, str]
    margins: Mapping[str, float]


@dataclass(frozen=True)
class Question:
    """A fund's problem.

    Attributes
    ----------
    problem : None when it has no answer before it is solved; `conflicts` then says why.
    inputs : everything the answer depends on, as it is recorded and digested.
    history : all admitted returns, beyond the common window too.
    current : active weights by strategy, also of strategies that no longer take part.
    """

    problem: Problem | None
    conflicts: tuple[str, ...]
    inputs: dict[str, Any]
    history: ReturnsMatrix
    current: Mapping[str, float]


def pose(limits: FundLimits, backtests: Backtests, eligibility: Eligibility, current: Mapping[str, float]) -> Question:
    """Pose the problem of one fund. Strategies that are held but no longer take part are sold, and that is turnover."""
    names = eligibility.included
    window = backtests.matrix.select(names).common_window()
    clusters = clusters_of(limits, window)
    sold = sum(abs(weight) for name, weight in current.items() if name not in names)
    inputs = {
        "allocator": ALLOCATOR,
        "objective": "maximise expected return subject to CVaR",
        "limits": limits.model_dump(mode="json", exclude={"approval"}),
        "backtests": {name: backtests.versions[name] for name in names},
        "returns": fingerprint(window),
        "margins": {name: backtests.margins[name] for name in names},
        "clusters": [{"members": list(cluster.members), "cap": cluster.cap} for cluster in clusters],
        "window": {
            "first_date": str(window.dates[0]) if len(window.dates) else None,
            "last_date": str(window.dates[-1]) if len(window.dates) else None,
            "days": len(window.dates),
        },
        "current_weights": dict(current),
        "excluded": [asdict(exclusion) for exclusion in eligibility.excluded],
    }
    conflicts = _conflicts(limits, names, sold)
    problem = None
    if not conflicts:
        problem = Problem(
            scenarios=window,
            expected_returns=window.values.mean(axis=0) * TRADING_DAYS,
            margins=np.array([backtests.margins[name] for name in names]),
            current_weights=np.array([current.get(name, 0.0) for name in names]),
            constraints=Constraints(
                beta=limits.beta,
                cvar_limit=limits.cvar_limit,
                max_leverage=limits.max_leverage,
                max_weight=limits.max_weight,
                margin_cap=limits.margin_cap,
                max_turnover=None if limits.max_turnover is None else limits.max_turnover - sold,
                clusters=clusters,
            ),
        )
    return Question(problem, conflicts, inputs, backtests.matrix, current)


def _conflicts(limits: FundLimits, names: tuple[str, ...], sold: float) -> tuple[str, ...]:
    if not names:
        return ("no strategy takes part",)
    if limits.max_turnover is not None and sold > limits.max_turnover:
        return (f"selling what no longer takes part is a turnover of {sold:.4f}, more than {limits.max_turnover}",)
    return ()


def clusters_of(limits: FundLimits, window: ReturnsMatrix) -> tuple[Cluster, ...]:
    """The groups of strategies that move together in a window, each with the fund's cap; none without a cap."""
    if limits.cluster_cap is None or not window.strategies:
        return ()
    correlation = repair_psd(pairwise_correlation(window.values, min_overlap=2).matrix).matrix
    groups = correlation_clusters(correlation, window.strategies, limits.cluster_correlation)
    return tuple(Cluster("+".join(group), group, limits.cluster_cap) for group in groups if len(group) > 1)


def fingerprint(window: ReturnsMatrix) -> str:
    """Digest of the very numbers that are optimised."""
    content = hashlib.sha256(window.dates.astype("datetime64[D]").astype(np.int64).tobytes())
    content.update(np.ascontiguousarray(window.values).tobytes())
    return content.hexdigest()
