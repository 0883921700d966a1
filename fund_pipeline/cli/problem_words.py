"""Options that say more than a number: bounds of one strategy, caps of a group. And how to mend any of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.cerebro.allocation import Cluster, WeightBounds
    from fund_pipeline.cerebro.model import ReturnsMatrix


_OPTIONS = {
    "max_leverage": "--leverage",
    "cluster_cap": "--cluster-cap",
    "threshold": "--cluster-correlation",
    "expected_returns": "--expected",
    "current_weights": "--current",
    "cost_rate": "--cost",
}
"""Fields whose option has another name."""


def with_a_fix(wrong: InputError, options: Sequence[str]) -> InputError:
    """The error as it is if it says what to do; else one that does, naming the option if its first word tells it."""
    if wrong.remedy:
        return wrong
    field = wrong.message.partition(" ")[0]
    option = _OPTIONS.get(field, f"--{field.replace('_', '-')}")
    remedy = f"give another {option}" if option in options else "correct it; --help says what each option takes"
    return type(wrong)(wrong.message, remedy=remedy)


def bounds_of(given: list[str], strategies: Sequence[str]) -> tuple[WeightBounds, ...]:
    """`NAME=LOW..HIGH`, or `NAME=WEIGHT` for a fixed one. InputError names the option, what is wrong and the fix."""
    from fund_pipeline.cerebro.allocation import WeightBounds

    found: list[WeightBounds] = []
    for text in given:
        name, separator, values = text.rpartition("=")
        low, dots, high = values.partition("..")
        if not separator or not name:
            raise InputError(f"--bound {text!r} has no '='", remedy="write NAME=0.05..0.3, or NAME=0.1")
        _refuse_unknown("--bound", text, [name], strategies)
        if name in [one.strategy for one in found]:
            raise InputError(f"--bound {text!r} is the second for {name}", remedy="give each strategy one")
        found.append(WeightBounds(name, _number("--bound", text, low), _number("--bound", text, high if dots else low)))
    return tuple(found)


def clusters_of(given: list[str], cap: float | None, correlation: float, window: ReturnsMatrix) -> tuple[Cluster, ...]:
    """`NAME,NAME=CAP` for each group given, and groups that move together if a cap for them is given.

    InputError names the option, what is wrong and the fix.
    """
    from fund_pipeline.cerebro.allocation import Cluster, correlation_clusters
    from fund_pipeline.cerebro.correlation import pairwise_correlation
    from fund_pipeline.cerebro.psd import repair_psd

    found: list[Cluster] = []
    for text in given:
        names, separator, value = text.rpartition("=")
        members = tuple(name.strip() for name in names.split(",") if name.strip())
        if not separator or not members:
            raise InputError(f"--cluster {text!r} names no group", remedy="write NAME,NAME=0.4")
        _refuse_unknown("--cluster", text, members, window.strategies)
        if len(set(members)) < len(members):
            raise InputError(f"--cluster {text!r} names a strategy twice", remedy="name each once")
        if set(members) in [set(one.members) for one in found]:
            raise InputError(f"--cluster {text!r} is the second for {', '.join(members)}", remedy="give each group one")
        found.append(Cluster("+".join(members), members, _number("--cluster", text, value)))
    if cap is not None and not (math.isfinite(cap) and cap >= 0.0):
        # Without groups it takes no part, and Constraints would not see it.
        raise InputError(f"cluster_cap is {cap}, expected a finite number of 0 or more")
    if cap is not None:
        repaired = repair_psd(pairwise_correlation(window.values, min_overlap=2).matrix).matrix
        groups = correlation_clusters(repaired, window.strategies, correlation)
        named = {one.name for one in found}
        for group in groups:
            name = "+".join(group)
            if len(group) > 1:
                # A group that was given a cap of its own is held to both.
                found.append(Cluster(f"{name} (correlated)" if name in named else name, group, cap))
    return tuple(found)


def _refuse_unknown(option: str, text: str, names: Sequence[str], strategies: Sequence[str]) -> None:
    unknown = [name for name in names if name not in strategies]
    if unknown:
        raise InputError(
            f"{option} {text!r} names {', '.join(unknown)}, not among the strategies",
            remedy=f"choose from {', '.join(strategies)}",
        )


def _number(option: str, text: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise InputError(f"{option} {text!r}: {value!r} is no number", remedy="write a decimal such as 0.3") from None
    if not (math.isfinite(number) and number >= 0.0):
        raise InputError(
            f"{option} {text!r}: {value} is no finite number of 0 or more", remedy="write a decimal such as 0.3"
        )
    return number
