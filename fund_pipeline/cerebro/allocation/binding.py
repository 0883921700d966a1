"""The limits that hold an optimum back, and what each would give if it were a little wider."""

from __future__ import annotations

import numpy as np

from fund_pipeline.cerebro.allocation.bound import DualBound
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import BASIS_POINTS, Aim, Multipliers
from fund_pipeline.cerebro.allocation.solution import BindingConstraint
from fund_pipeline.cerebro.model import Floats

_NOTHING = 1e-7
"""Share of the greatest price below which a price is the solver's rounding."""


def binding_constraints(
    limits: Limits, strategies: tuple[str, ...], aim: Aim, weights: Floats, prices: Multipliers, bound: DualBound
) -> tuple[BindingConstraint, ...]:
    """Every limit with a nonzero shadow price at the optimum, dearest first."""
    sign = -1.0 if aim is Aim.LEAST_CVAR else 1.0
    found: dict[str, float] = {}
    for row, price in zip(limits.rows, prices.rows, strict=True):
        found[row.limit] = found.get(row.limit, 0.0) + float(price) / BASIS_POINTS
    found["cvar_limit"] = bound.cvar_price
    found["max_turnover"] = prices.turnover / BASIS_POINTS
    found["budget"] = prices.budget / BASIS_POINTS
    found["target_return"] = -prices.target_return
    for name, worth, weight, low, high in zip(
        strategies, bound.worth, weights, limits.lower, limits.upper, strict=True
    ):
        if worth > 0.0 and np.isclose(weight, high):
            found[f"max_weight:{name}"] = float(worth)
        elif worth < 0.0 and low > 0.0 and np.isclose(weight, low):
            found[f"min_weight:{name}"] = float(worth)
    least = _NOTHING * max(abs(price) for price in found.values())
    dearest = sorted(((n, p) for n, p in found.items() if abs(p) > least), key=lambda item: -abs(item[1]))
    return tuple(BindingConstraint(name, sign * price, _words(name, sign * price, aim)) for name, price in dearest)


def _words(name: str, price: float, aim: Aim) -> str:
    objective = "CVaR" if aim is Aim.LEAST_CVAR else "expected annual return"
    verb = "adds" if price > 0.0 else "takes"
    if name in ("cvar_limit", "target_return", "max_cdar"):
        return f"raising {name} by 1 bp {verb} {abs(price):.3g} bp of {objective}"
    return f"raising {name} by 0.01 {verb} {abs(price) * 0.01 * BASIS_POINTS:.3g} bp of {objective}"
