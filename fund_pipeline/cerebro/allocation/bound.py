"""A bound on the optimum that holds whatever the solver's multipliers are worth.

Lagrange: for multipliers ≥ 0 and scenario weights π in the envelope of CVaR (Σπ = 1, 0 ≤ πₛ ≤ 1 ÷ ((1 − β)·S)),
CVaR(w) ≥ −πᵀRw, so no feasible w can beat the maximum over the box of the priced objective. The solver's multipliers
are first put within their domain; a poor one makes the bound loose, never wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import BASIS_POINTS, Aim, Multipliers, reward_of
from fund_pipeline.cerebro.model import Floats


@dataclass(frozen=True)
class DualBound:
    """The bound (decimal: most expected annual return, or least CVaR) and what each weight is worth at the prices.

    Attributes
    ----------
    value : no feasible weights reach a higher return (or a lower CVaR).
    cvar_price : price of the CVaR limit, per unit.
    worth : (N,) gain in the objective per unit of weight, net of all prices: positive at an upper bound that binds.
    """

    value: float
    cvar_price: float
    worth: Floats


def dual_bound(limits: Limits, aim: Aim, multipliers: Multipliers) -> DualBound:
    """The Lagrangian bound at the given multipliers; see the module."""
    total = float(multipliers.scenarios.sum())
    tail = _within_envelope(multipliers.scenarios, limits.beta)
    tail_mean = tail @ limits.returns * BASIS_POINTS
    least = 1.0 if aim is Aim.LEAST_CVAR else 0.0
    cvar_price = max(total - least, 0.0) if limits.cvar_limit is not None else 0.0
    # A target of return is one more reward for it, and trades cost what they take from either.
    rewards = reward_of(limits, aim) + multipliers.target_return
    most_trade = multipliers.turnover + rewards * limits.trade_price * BASIS_POINTS
    trades = np.clip(multipliers.trades, -most_trade, most_trade)
    worth = rewards * limits.expected * BASIS_POINTS + (least + cvar_price) * tail_mean - trades - multipliers.budget
    constant = float(trades @ limits.current) + multipliers.turnover * (limits.turnover or 0.0)
    constant += multipliers.budget * (limits.budget or 0.0)
    constant += cvar_price * (limits.cvar_limit or 0.0) * BASIS_POINTS
    constant -= multipliers.target_return * (limits.target_return or 0.0) * BASIS_POINTS
    for row, price in zip(limits.rows, multipliers.rows, strict=True):
        worth = worth - price * row.coefficients
        constant += float(price) * row.bound
    most = constant + float(np.where(worth > 0.0, worth * limits.upper, worth * limits.lower).sum())
    value = -most if aim is Aim.LEAST_CVAR else most
    return DualBound(value / BASIS_POINTS, cvar_price, worth / BASIS_POINTS)


def _within_envelope(prices: Floats, beta: float) -> Floats:
    """π near the solver's prices: normalised, capped, what is missing spread over the slack."""
    size = len(prices)
    cap = 1.0 / ((1.0 - beta) * size)
    total = prices.sum()
    weights = np.minimum(prices / total, cap) if total > 0.0 else np.full(size, 1.0 / size)
    slack = cap - weights
    missing = 1.0 - weights.sum()
    if missing > 0.0 and slack.sum() > 0.0:
        weights = weights + missing * slack / slack.sum()
    spread: Floats = weights / weights.sum()
    return spread
