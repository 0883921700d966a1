"""Returns implied by PnL and equity, with the error that printing can have put into them.

The one arithmetic behind both the unit's evidence and the day-by-day check, so that they can't disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fund_pipeline.backtests.model import Column, Flags, Floats, UnitSource

SLACK = 1e-9
"""Relative slack for the sender's own floating-point arithmetic."""


class Figures(Protocol):
    """The numbers of one file, shape (n,), or of k files with the same days, shape (k, n): days always come last."""

    def get(self, column: Column) -> Floats | None:
        """A column's numbers, or None where it is absent."""

    def printed_unit(self, column: Column) -> float | Floats:
        """One unit of a column's last printed decimal; for several files shape (k, 1)."""


@dataclass(frozen=True, eq=False)
class Implied:
    """Decimal returns that other columns imply: n days of one file, or of k files with the same days.

    Attributes
    ----------
    source : the columns they come from.
    returns : float64, shape (n,) or (k, n); NaN where nothing can be implied (a blank, no day before, equity ≤ 0).
    base : float64, same shape; start-of-day equity they are measured on.
    tolerance : float64, same shape; how far rounding of those columns can have moved them, as a decimal return.
    """

    source: UnitSource
    returns: Floats
    base: Floats
    tolerance: Floats


def implied_returns(figures: Figures, start_capital: float | None) -> Implied | None:
    """The strongest implied returns a file has, or None where it has nothing to compare with.

    PnL ÷ (equity − PnL); else equity ÷ the day before's equity − 1; else PnL ÷ (start capital + PnL so far).
    Rounding moves equity and PnL by at most one unit of their last printed decimal each.
    """
    equity, pnl = figures.get(Column.EQUITY), figures.get(Column.PNL)
    if equity is not None and pnl is not None:
        equity_unit, pnl_unit = figures.printed_unit(Column.EQUITY), figures.printed_unit(Column.PNL)
        base = equity - pnl
        return _implied(UnitSource.PNL_OVER_EQUITY, pnl, base, pnl_unit, equity_unit + pnl_unit)
    if equity is not None:
        equity_unit = figures.printed_unit(Column.EQUITY)
        base = np.empty_like(equity)
        base[..., 0] = np.nan if start_capital is None else start_capital
        base[..., 1:] = equity[..., :-1]
        return _implied(UnitSource.EQUITY_RATIO, equity - base, base, equity_unit, equity_unit)
    if pnl is not None and start_capital is not None:
        pnl_unit = figures.printed_unit(Column.PNL)
        base = np.empty_like(pnl)
        base[..., 0] = start_capital
        base[..., 1:] = start_capital + np.cumsum(pnl[..., :-1], axis=-1)
        return _implied(
            UnitSource.PNL_OVER_START_CAPITAL,
            pnl,
            base,
            pnl_unit,
            pnl_unit * np.arange(pnl.shape[-1], dtype=np.float64),
        )
    return None


def _implied(
    source: UnitSource, gain: Floats, base: Floats, gain_unit: float | Floats, base_unit: float | Floats
) -> Implied:
    usable = np.where(base > 0, base, np.nan)
    returns = gain / usable
    size = np.abs(returns)
    tolerance = (gain_unit + size * base_unit) / usable + SLACK * (1.0 + size)
    return Implied(source, returns, base, tolerance)


def agrees(implied: Implied, decimal_returns: Floats, unit: float | Floats) -> Flags:
    """Whether each return is the implied one within tolerance; False where nothing is implied.

    ``unit`` is one unit of the last printed decimal of the returns, as a decimal return.
    """
    close: Flags = np.abs(decimal_returns - implied.returns) <= implied.tolerance + unit
    return close
