"""The limits that hold an optimum back, and what each would give if it were a little wider."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation.bound import DualBound
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import BASIS_POINTS, Multipliers
from fund_pipeline.cerebro.allocation.solution import BindingConstraint
from fund_pipeline.cerebro.model import Floats

_IN_BASIS_POINTS = ("cvar_limit", "target_return", "max_cdar")
_NOTHING = 1e-7
"""Share of the greatest price below which a price is the solver's rounding."""


@dataclass(frozen=True)
class Measure:
    """What a shadow price is told in: the objective's name, its change for a price of 1, whether in basis points."""

    name: str
    per_price: float
    in_basis_points: bool = True


RETURN = Measure("expected annual return", 1.0)
RISK = Measure("CVaR", -1.0)


def binding_constraints(
    limits: Limits,
    strategies: tuple[str, ...],
    measure: Measure,
    weights: Floats,
    prices: Multipliers,
    bound: DualBound,
) -> tuple[BindingConstraint, ...]:
    """Every limit with a nonzero shadow price at the optimum, dearest first."""
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
        if worth > 0.0 and high > 0.0 and np.isclose(weight, high):
            found[f"max_weight:{name}"] = float(worth)
        elif worth < 0.0 and low > 0.0 and np.isclose(weight, low):
            found[f"min_weight:{name}"] = float(worth)
    least = _NOTHING * max(abs(price) for price in found.values())
    dearest = sorted(((n, p) for n, p in found.items() if abs(p) > least), key=lambda item: -abs(item[1]))
    return tuple(
        BindingConstraint(n, measure.per_price * p, in_words(n, measure.per_price * p, measure)) for n, p in dearest
    )


def in_words(name: str, price: float, measure: Measure) -> str:
    """A shadow price for a person."""
    step, told = (1.0 / BASIS_POINTS, "1 bp") if name in _IN_BASIS_POINTS else (0.01, "0.01")
    change = abs(price) * step
    amount = (
        f"{change * BASIS_POINTS:.3g} bp of {measure.name}"
        if measure.in_basis_points
        else f"{change:.3g} {measure.name}"
    )
    return f"raising {name} by {told} {'adds' if price > 0.0 else 'takes'} {amount}"
