"""The limits that are linear, as rows over the weights and the sales of what is held today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation.fast.model import INFINITY, Ints
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.whole.relaxation import Rows
from fund_pipeline.cerebro.model import Floats


@dataclass(frozen=True)
class Linear:
    """Rows over N weights, then M sales (both of the capital), and the costs of less return.

    Trades are Σ(w − current) + 2·Σ sales, with sales ≥ current − w and ≥ 0, for weights are not negative.

    Attributes
    ----------
    rows : (K, N + M).
    costs : (N + M,) of which costs · x + constant is minus the expected annual return net of trades.
    """

    rows: Rows
    costs: Floats
    constant: float


def linear_of(limits: Limits) -> Linear:
    """All limits but those of risk and the bounds of the weights."""
    n = limits.expected.size
    sold: Ints = np.flatnonzero(limits.current > 0.0).astype(np.int32)
    if not limits.counts_trades:
        sold = sold[:0]
    held_today = float(limits.current.sum())
    price = limits.trade_price
    net = np.concatenate((limits.expected - price, np.full(sold.size, -2.0 * price)))
    constant = price * held_today
    traded = np.concatenate((np.ones(n), np.full(sold.size, 2.0)))
    rows: list[tuple[Floats, float, float]] = [
        (_wide(row.coefficients, sold.size), -INFINITY, row.bound) for row in limits.rows
    ]
    if limits.budget is not None:
        rows.append((_wide(np.ones(n), sold.size), limits.budget, limits.budget))
    if limits.target_return is not None:
        rows.append((net, limits.target_return - constant, INFINITY))
    if limits.turnover is not None:
        rows.append((traded, -INFINITY, limits.turnover + held_today))
    for place, strategy in enumerate(sold):
        sale = np.zeros(n + sold.size)
        sale[strategy] = sale[n + place] = 1.0
        rows.append((sale, float(limits.current[strategy]), INFINITY))
    stacked = Rows(
        np.array([row[0] for row in rows]).reshape(len(rows), n + sold.size),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
    )
    return Linear(stacked, -net, -constant)


def _wide(weights: Floats, sales: int) -> Floats:
    return np.concatenate((weights, np.zeros(sales)))
