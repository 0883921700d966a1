"""What the limits that bind cost a quadratic objective, in words."""

from __future__ import annotations

import math

from fund_pipeline.cerebro.allocation.lp import BASIS_POINTS
from fund_pipeline.cerebro.allocation.quadratic.result import Quadratic, QuadraticObjective
from fund_pipeline.cerebro.allocation.solution import BindingConstraint

_SMALL = ("cvar_limit", "target_return", "max_cdar")
"""Limits that a person moves by a basis point; others by 0.01."""


def in_words(
    objective: QuadraticObjective, found: Quadratic, strategies: tuple[str, ...]
) -> tuple[BindingConstraint, ...]:
    """The limits that bind, dearest first. Prices of the least variance are told as prices of volatility."""
    per = 1.0
    if objective is QuadraticObjective.MIN_VARIANCE:
        volatility = math.sqrt(found.objective or 0.0)
        per = 0.5 / volatility if volatility > 0.0 else 0.0
    named = ((_named(name, strategies), price * per) for name, price in found.prices.items())
    return tuple(BindingConstraint(name, price, _words(objective, name, price)) for name, price in named)


def _named(name: str, strategies: tuple[str, ...]) -> str:
    limit, _, place = name.partition(":")
    return f"{limit}:{strategies[int(place)]}" if limit in ("max_weight", "min_weight") and place else name


def _words(objective: QuadraticObjective, name: str, price: float) -> str:
    verb = "adds" if price > 0.0 else "takes"
    step, said = (1.0 / BASIS_POINTS, "1 bp") if name in _SMALL else (0.01, "0.01")
    change = abs(price) * step
    if objective is QuadraticObjective.MAX_SHARPE:
        return f"raising {name} by {said} {verb} {change:.3g} of Sharpe ratio"
    what = (
        "annual volatility"
        if objective is QuadraticObjective.MIN_VARIANCE
        else "expected annual return less the price of its risk"
    )
    return f"raising {name} by {said} {verb} {change * BASIS_POINTS:.3g} bp of {what}"
