"""The limits of risk as cuts: CVaR and CDaR are convex and scale with the weights, so each is its greatest slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS, Tail
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.drawdown import cdar, cdar_slope
from fund_pipeline.cerebro.model import Floats

_BROKEN = 1e-8
"""Basis points per unit of capital beyond which a limit counts as broken by a relaxation."""


@dataclass(frozen=True)
class Slope:
    """slope (N,) · w ≤ risk of w for all w, in basis points, with `limit` the most that risk may be."""

    slope: Floats
    limit: float


class Risk:
    """The risk of weights under some limits.

    Parameters
    ----------
    limits : of which returns, beta, cvar_limit and drawdown are used.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._tail = Tail(np.ascontiguousarray(limits.returns), limits.beta)

    def cvar(self, weights: Floats) -> tuple[float, Floats]:
        """CVaR of weights (N,) and its slope there, basis points."""
        value, order = self._tail.cvar(self._tail.losses(weights))
        return value, self._tail.gradient(order)

    def slopes(self, amounts: Floats, more_than: float = 0.0) -> list[Slope]:
        """Slopes at amounts (N,) of the limits whose risk is more than this many times the limit."""
        found = []
        if self.limits.cvar_limit is not None:
            value, order = self._tail.cvar(self._tail.losses(amounts))
            limit = self.limits.cvar_limit * BASIS_POINTS
            if value > (limit + _BROKEN) * more_than:
                found.append(Slope(self._tail.gradient(order), limit))
        drawdown = self.limits.drawdown
        if drawdown is not None:
            value = cdar(self.limits.returns @ amounts, drawdown.beta) * BASIS_POINTS
            limit = drawdown.bound * BASIS_POINTS
            if value > (limit + _BROKEN) * more_than:
                slope = cdar_slope(self.limits.returns, amounts, drawdown.beta) * BASIS_POINTS
                found.append(Slope(slope, limit))
        return found

    def broken(self, amounts: Floats, capital: float = 1.0) -> list[Slope]:
        """Slopes of the limits that amounts (N,) of a capital break; weights are amounts of a capital of 1."""
        return self.slopes(amounts, capital)

    def least_capital(self, amounts: Floats) -> float:
        """Least capital at which amounts (N,) of it meet the limits of risk; infinite if none does."""
        least = 0.0
        if self.limits.cvar_limit is not None:
            value = self._tail.cvar(self._tail.losses(amounts))[0]
            least = _ratio(value, self.limits.cvar_limit * BASIS_POINTS)
        drawdown = self.limits.drawdown
        if drawdown is not None:
            least = max(least, _ratio(cdar(self.limits.returns @ amounts, drawdown.beta), drawdown.bound))
        return least


def dual_slope(limits: Limits, prices: Floats) -> Floats:
    """(N,) slope −πᵀR ≤ CVaR, basis points, of the prices (S,) of an optimum: the one that proves it.

    π is any vector of the envelope of CVaR, 0 ≤ πₛ ≤ 1 ÷ ((1 − β)·S) with sum 1, so the slope is valid whatever the
    prices are worth (R. T. Rockafellar, S. Uryasev and M. Zabarankin, "Generalized deviations in risk analysis",
    Finance and Stochastics 10, 2006, on risk envelopes).
    """
    scenarios = prices.size
    cap = 1.0 / ((1.0 - limits.beta) * scenarios)
    total = float(prices.sum())
    tail = np.minimum(np.maximum(prices, 0.0) / total, cap) if total > 0.0 else np.full(scenarios, 1.0 / scenarios)
    missing, slack = 1.0 - float(tail.sum()), cap - tail
    if missing > 0.0 and slack.sum() > 0.0:
        tail = tail + missing * slack / slack.sum()
    slope: Floats = -BASIS_POINTS * (tail @ limits.returns)
    return slope


def _ratio(value: float, limit: float) -> float:
    if value <= 0.0:
        return 0.0
    return value / limit if limit > 0.0 else np.inf
