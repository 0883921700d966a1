"""The capitals at which given amounts meet every limit: an interval, for each limit is convex in the capital."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation.fast.model import INFINITY
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.whole.linear import linear_of
from fund_pipeline.cerebro.allocation.whole.relaxation import Rows
from fund_pipeline.cerebro.allocation.whole.risk import Risk
from fund_pipeline.cerebro.model import Floats

_TINY = 1e-12


@dataclass(frozen=True)
class Homogeneous:
    """coefficients · (amounts, sales) + capital_share · capital ≤ 0, line by line: every limit is a share of capital.

    Attributes
    ----------
    amounts : (R, K) capital allocated to each strategy. sales : (R, M) of the strategies `sold` (M,).
    capital : (R,).
    """

    amounts: Floats
    sales: Floats
    capital: Floats
    held_today: Floats

    @property
    def rows(self) -> Rows:
        """The same over (amounts, sales, capital)."""
        coefficients = np.concatenate((self.amounts, self.sales, self.capital[:, None]), axis=1)
        return Rows(coefficients, np.full(len(self.capital), -INFINITY), np.zeros(len(self.capital)))


def homogeneous(limits: Limits) -> Homogeneous:
    """All linear limits and the bounds of the weights."""
    linear = linear_of(limits)
    n = limits.expected.size
    amounts, sales, capital = [], [], []

    def add(coefficients: Floats, bound: float) -> None:
        amounts.append(coefficients[:n])
        sales.append(coefficients[n:])
        capital.append(-bound)

    for coefficients, lower, upper in zip(linear.rows.coefficients, linear.rows.lower, linear.rows.upper, strict=True):
        if upper < INFINITY:
            add(coefficients, float(upper))
        if lower > -INFINITY:
            add(-coefficients, -float(lower))
    width = linear.costs.size
    for place, (low, high) in enumerate(zip(limits.lower, limits.upper, strict=True)):
        one = np.zeros(width)
        one[place] = 1.0
        if np.isfinite(high):
            add(one, float(high))
        if low > 0.0:
            add(-one, -float(low))
    sold = limits.current[limits.current > 0.0] if limits.counts_trades else np.zeros(0)
    return Homogeneous(np.array(amounts), np.array(sales).reshape(len(capital), -1), np.array(capital), sold)


class Span:
    """Spans under the same limits.

    Parameters
    ----------
    limits : of the candidates.
    system : the same as homogeneous rows.
    """

    def __init__(self, limits: Limits, system: Homogeneous) -> None:
        self._risk = Risk(limits)
        self._held = limits.least_held
        self._system = system
        self._sold = np.flatnonzero(limits.current > 0.0) if system.held_today.size else np.zeros(0, dtype=np.intp)
        # The rows that define the sales hold by the choice of the least sales there can be.
        self._meant = ~(system.sales < 0.0).any(axis=1)
        self._plain = self._meant & ~(system.sales > 0.0).any(axis=1)

    def of(self, amounts: Floats) -> tuple[float, float]:
        """Least and greatest capital for amounts (K,); the least is above the greatest if there is none."""
        system = self._system
        asked = system.amounts[self._plain] @ amounts
        share = system.capital[self._plain]
        if (asked[share == 0.0] > 0.0).any():
            return np.inf, 0.0
        needs, allows = share < 0.0, share > 0.0
        least = max(float((asked[needs] / -share[needs]).max(initial=0.0)), self._risk.least_capital(amounts))
        most = float((-asked[allows] / share[allows]).min(initial=np.inf))
        held = amounts[amounts > 0.0]
        if self._held is not None and held.size:
            most = min(most, float(held.min()) / self._held)
        for row in np.flatnonzero(self._meant & ~self._plain):
            low, high = self._traded(int(row), amounts)
            least, most = max(least, low), min(most, high)
        return least, most

    def _traded(self, row: int, amounts: Floats) -> tuple[float, float]:
        """Where one row that counts trades holds: convex and piecewise linear, with a corner where a sale begins."""
        system, sold = self._system, amounts[self._sold]
        begins = sold / system.held_today

        def value(capital: float) -> float:
            sales = np.maximum(system.held_today * capital - sold, 0.0)
            here = system.amounts[row] @ amounts + system.sales[row] @ sales + system.capital[row] * capital
            return float(here)

        corners = np.unique(np.append(begins, 0.0))
        values = [value(float(corner)) for corner in corners]
        slope = float(system.sales[row] @ system.held_today + system.capital[row])
        low, high = np.inf, 0.0
        for place, (corner, here) in enumerate(zip(corners, values, strict=True)):
            if here <= 0.0:
                low, high = min(low, corner), max(high, corner)
            if place + 1 < len(values):
                there, width = values[place + 1], float(corners[place + 1] - corner)
                if (here > 0.0) != (there > 0.0):
                    crossing = corner + width * here / (here - there)
                    low, high = min(low, crossing), max(high, crossing)
            elif slope <= _TINY and here <= 0.0:
                high = np.inf
            elif (here > 0.0 and slope < -_TINY) or (here <= 0.0 and slope > _TINY):
                crossing = corner - here / slope
                low = min(low, crossing)
                high = np.inf if slope < 0.0 else max(high, crossing)
        return low, high
