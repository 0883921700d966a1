"""The derivative of an optimum by the value of each limit, from the multipliers."""

from __future__ import annotations

import numpy as np

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic.programme import Prices, Question
from fund_pipeline.cerebro.model import Floats

_NOTHING = 1e-7
"""Share of the greatest price below which a price is the solver's rounding."""

_LITTLE = 0.01
_AT = 1e-9


def shadow_prices(
    question: Question, weights: Floats, prices: Prices, costs: Floats, slope: Floats
) -> dict[str, float]:
    """By limit, the derivative of what is minimised when its value is raised; dearest first.

    A bound of single weights is named by the strategy's place, `max_weight:3`. costs (N,) as in a LinearBound;
    slope (N,) of the objective, against which a price may be nothing.
    """
    limits = question.limits
    found: dict[str, float] = {}
    for row, price in zip(question.rows, prices.rows, strict=True):
        found[row.limit] = found.get(row.limit, 0.0) - float(price)
    found["max_turnover"] = -prices.turnover
    found["budget"] = -prices.budget
    found["target_return"] = prices.target_return
    for i, cost in enumerate(costs):
        if cost < 0.0 and _at(weights, limits, limits.upper, i):
            found[f"max_weight:{i}"] = float(cost)
        elif cost > 0.0 and limits.lower[i] > 0.0 and _at(weights, limits, limits.lower, i):
            found[f"min_weight:{i}"] = float(cost)
    least = _NOTHING * max(max(abs(price) for price in found.values()), _LITTLE * float(np.abs(slope).max()))
    dearest = sorted(found.items(), key=lambda item: -abs(item[1]))
    return {name: price for name, price in dearest if abs(price) > least}


def _at(weights: Floats, limits: Limits, bounds: Floats, i: int) -> bool:
    return bool(np.isfinite(bounds[i])) and bool(abs(weights[i] - bounds[i]) <= _AT)
