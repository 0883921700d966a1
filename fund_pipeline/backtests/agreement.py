"""Returns implied by PnL and equity, with the error that printing can have put into them.

The one arithmetic behind both the unit's evidence and the day-by-day check, so that they can't disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.backtests.model import Column, Flags, Floats, UnitSource
from fund_pipeline.backtests.series import Series

SLACK = 1e-9
"""Relative slack for the sender's own floating-point arithmetic."""


@dataclass(frozen=True, eq=False)
class Implied:
    """Decimal returns that other columns imply, n days.

    Attributes
    ----------
    source : the columns they come from.
    returns : float64, shape (n,); NaN where nothing can be implied (a blank, no day before, equity not positive).
    base : float64, shape (n,); start-of-day equity they are measured on.
    tolerance : float64, shape (n,); how far rounding of those columns can have moved them, as a decimal return.
    """

    source: UnitSource
    returns: Floats
    base: Floats
    tolerance: Floats


def implied_returns(series: Series, start_capital: float | None) -> Implied | None:
    """The strongest implied returns a file has, or None where it has nothing to compare with.

    PnL ÷ (equity − PnL); else equity ÷ the day before's equity − 1; else PnL ÷ (start capital + PnL so far).
    Rounding moves equity and PnL by at most one unit of their last printed decimal each.
    """
    equity, pnl = series.get(Column.EQUITY), series.get(Column.PNL)
    if equity is not None and pnl is not None:
        equity_unit, pnl_unit = series.printed_unit(Column.EQUITY), series.printed_unit(Column.PNL)
        base = equity - pnl
        return _implied(UnitSource.PNL_OVER_EQUITY, pnl, base, pnl_unit, equity_unit + pnl_unit)
    if equity is not None:
        equity_unit = series.printed_unit(Column.EQUITY)
        base = np.empty_like(equity)
        base[0] = np.nan if start_capital is None else start_capital
        base[1:] = equity[:-1]
        return _implied(UnitSource.EQUITY_RATIO, equity - base, base, equity_unit, equity_unit)
    if pnl is not None and start_capital is not None:
        pnl_unit = series.printed_unit(Column.PNL)
        base = np.empty_like(pnl)
        base[0] = start_capital
        base[1:] = start_capital + np.cumsum(pnl[:-1])
        return _implied(
            UnitSource.PNL_OVER_START_CAPITAL, pnl, base, pnl_unit, pnl_unit * np.arange(len(pnl), dtype=np.float64)
        )
    return None


def _implied(source: UnitSource, gain: Floats, base: Floats, gain_unit: float, base_unit: float | Floats) -> Implied:
    usable = np.where(base > 0, base, np.nan)
    returns = gain / usable
    size = np.abs(returns)
    tolerance = (gain_unit + size * base_unit) / usable + SLACK * (1.0 + size)
    return Implied(source, returns, base, tolerance)


def agrees(implied: Implied, decimal_returns: Floats, unit: float) -> Flags:
    """Whether each return is the implied one within tolerance; False where nothing is implied.

    ``unit`` is one unit of the last printed decimal of the returns, as a decimal return.
    """
    close: Flags = np.abs(decimal_returns - implied.returns) <= implied.tolerance + unit
    return close
