"""What proves a quadratic optimum: a bound that holds whatever the multipliers are worth, and how exact they are.

A convex f is nowhere below its tangent: f(w) ≥ f(w₀) + ∇f(w₀)·(w − w₀). The tangent is linear, and Lagrange bounds it
from below over the limits by its least value in the box of the weights, each row priced by its multiplier ≥ 0. A poor
multiplier makes that bound loose, never wrong.

The residual is the greatest of three numbers:

- stationarity: |w − P(w − d ÷ G)| with d what a unit of each weight costs at the prices, G the greatest |∇f| (or the
  scale of the objective where that is more), and P the projection on the bounds (as a weight, decimal of equity);
- violation of a limit, ÷ max(1, |limit|);
- complementarity: price × slack of a limit ÷ the scale of the objective.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation.answering import is_feasible
from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic.programme import Prices, Question
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

GREATEST_GAP = 1e-8
GREATEST_VIOLATION = 1e-9


@dataclass(frozen=True)
class LinearBound:
    """slope·w + reward·(cost of trades) ≥ `least` for all weights within the limits.

    Attributes
    ----------
    costs : (N,) what a unit of each weight costs at the prices; negative at an upper bound that binds.
    """

    least: float
    costs: Floats


def linear_bound(question: Question, prices: Prices, slope: Floats) -> LinearBound:
    """The Lagrangian bound of slope (N,)·w, with trades at their price × the question's reward; see the module."""
    limits = question.limits
    most = prices.turnover + (question.reward + prices.target_return) * limits.trade_price
    trades = np.clip(prices.trades, -most, most)
    costs = slope - prices.target_return * limits.expected + trades + prices.budget
    constant = [
        -float(trades @ limits.current),
        -prices.turnover * (limits.turnover or 0.0),
        -prices.budget * (limits.budget or 0.0),
        prices.target_return * (limits.target_return or 0.0),
    ]
    for row, price in zip(question.rows, prices.rows, strict=True):
        if price > 0.0:
            costs = costs + price * row.coefficients
            constant.append(-float(price) * row.bound)
    upper = implied_upper(limits)
    parts = np.where(costs > 0.0, costs * limits.lower, costs * upper)
    return LinearBound(math.fsum([*constant, *parts]), costs)


def checked(limits: Limits, found: Quadratic) -> Quadratic | Conflict:
    """What was found, if its weights keep the limits to 1e-9 and its bound proves it to 1e-8.

    Limits that contradict each other by less than the solver can tell are the conflict that they are.

    Raises
    ------
    InvariantError : otherwise; an answer that is not proved is not given.
    """
    broken = limits.broken_by(found.weights, GREATEST_VIOLATION)
    if broken:
        if not is_feasible(limits):
            return Conflict(conflicting(limits))
        raise InvariantError(f"the weights of the quadratic programme break {', '.join(broken)}")
    if not (found.relative_gap or 0.0) <= GREATEST_GAP:
        raise InvariantError(f"the optimum {found.objective} is {found.relative_gap:.1e} from its bound {found.bound}")
    return found


def implied_upper(limits: Limits) -> Floats:
    """(N,) upper bounds, where they are infinite those that the budget or a row without short side implies."""
    upper = limits.upper.copy()
    open_ended = np.isinf(upper)
    if not open_ended.any():
        return upper
    if limits.budget is not None:
        upper[open_ended] = limits.budget
    for row in limits.rows:
        if (row.coefficients >= 0.0).all():
            held = open_ended & (row.coefficients > 0.0)
            upper[held] = np.minimum(upper[held], row.bound / row.coefficients[held])
    return upper


def residual(question: Question, weights: Floats, prices: Prices, slope: Floats, costs: Floats, scale: float) -> float:
    """The residual of the module's text. `slope` (N,) is that of the objective, `scale` the objective's size."""
    limits = question.limits
    size = max(float(np.abs(slope).max(initial=0.0)), scale)
    moved = np.clip(weights - costs / size, limits.lower, implied_upper(limits))
    stationarity = float(np.abs(weights - moved).max())
    violations, products = [0.0], [0.0]

    def limit(value: float, bound: float, price: float) -> None:
        violations.append((value - bound) / max(1.0, abs(bound)))
        products.append(abs(price * (bound - value)))

    for row, price in zip(question.rows, prices.rows, strict=True):
        limit(float(row.coefficients @ weights), row.bound, float(price))
    if limits.turnover is not None:
        limit(float(np.abs(weights - limits.current).sum()), limits.turnover, prices.turnover)
    if limits.target_return is not None:
        limit(-limits.net_return(weights), -limits.target_return, prices.target_return)
    if limits.budget is not None:
        violations.append(abs(math.fsum(weights) - limits.budget) / max(1.0, limits.budget))
    return max(stationarity, *violations, max(products) / scale)
