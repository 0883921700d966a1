"""Options that say more than a number: bounds of one strategy, caps of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.cerebro.allocation import Cluster, WeightBounds
    from fund_pipeline.cerebro.model import ReturnsMatrix


def bounds_of(given: list[str]) -> tuple[WeightBounds, ...]:
    """`NAME=LOW..HIGH`, or `NAME=WEIGHT` for a fixed one."""
    from fund_pipeline.cerebro.allocation import WeightBounds

    found = []
    for text in given:
        name, separator, values = text.rpartition("=")
        low, dots, high = values.partition("..")
        if not separator or not name:
            raise InputError(f"--bound {text!r} has no '='", remedy="write NAME=0.05..0.3, or NAME=0.1")
        found.append(WeightBounds(name, _number("--bound", text, low), _number("--bound", text, high if dots else low)))
    return tuple(found)


def clusters_of(given: list[str], cap: float | None, correlation: float, window: ReturnsMatrix) -> tuple[Cluster, ...]:
    """`NAME,NAME=CAP` for each group given, and groups that move together if a cap for them is given."""
    from fund_pipeline.cerebro.allocation import Cluster, correlation_clusters
    from fund_pipeline.cerebro.correlation import pairwise_correlation
    from fund_pipeline.cerebro.psd import repair_psd

    found = []
    for text in given:
        names, separator, value = text.rpartition("=")
        members = tuple(name.strip() for name in names.split(",") if name.strip())
        if not separator or not members:
            raise InputError(f"--cluster {text!r} names no group", remedy="write NAME,NAME=0.4")
        found.append(Cluster("+".join(members), members, _number("--cluster", text, value)))
    if cap is not None:
        repaired = repair_psd(pairwise_correlation(window.values, min_overlap=2).matrix).matrix
        groups = correlation_clusters(repaired, window.strategies, correlation)
        found += [Cluster("+".join(group), group, cap) for group in groups if len(group) > 1]
    return tuple(found)


def _number(option: str, text: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(f"{option} {text!r}: {value!r} is no number", remedy="write a decimal such as 0.3") from None
