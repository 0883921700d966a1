"""What one strategy's history says about it: return, risk, ratios, drawdown, margin use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.cvar import cvar, var
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats, ReturnsMatrix
from fund_pipeline.errors import InputError


@dataclass(frozen=True)
class StrategyStatistics:
    """Statistics over the days on which the strategy has a return. Decimals, except counts and dates.

    Attributes
    ----------
    annual_return : mean daily return × 252.
    volatility : sample standard deviation (ddof 1) × √252; None for a single day.
    sharpe : annual return ÷ volatility, risk-free rate 0; None where volatility is 0 or undefined.
    sortino : annual return ÷ downside deviation, √(mean of min(r, 0)²) × √252; None without a losing day.
    max_drawdown : least of value ÷ highest value so far − 1, from a start value of 1; 0 or negative.
    drawdown_peak : day of the high before the greatest drawdown; None if that is the start, or there is no drawdown.
    drawdown_trough : day of the low; None if there is no drawdown.
    var_95, cvar_95, cvar_99 : one-day losses, positive when money is lost.
    win_rate : share of the days with a nonzero return on which it is positive; None if every return is zero.
    cumulative_return : compounded over all days.
    days, first_date, last_date : the history these figures rest on.
    average_margin_use, greatest_margin_use : margin ÷ equity at the start of the day; None where margin is unknown.
    """

    strategy: str
    days: int
    first_date: date
    last_date: date
    annual_return: float
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    drawdown_peak: date | None
    drawdown_trough: date | None
    var_95: float
    cvar_95: float
    cvar_99: float
    win_rate: float | None
    cumulative_return: float
    average_margin_use: float | None
    greatest_margin_use: float | None


@dataclass(frozen=True)
class Drawdown:
    """The greatest fall from a high: depth (0 or negative) and row numbers; peak None means the start value."""

    depth: float
    peak: int | None
    trough: int | None


def strategy_statistics(
    matrix: ReturnsMatrix, margin_use: Mapping[str, Floats] | None = None
) -> tuple[StrategyStatistics, ...]:
    """Statistics of every strategy, in column order; gaps (NaN) are left out, never counted as zero.

    Parameters
    ----------
    matrix : decimal daily returns.
    margin_use : per strategy id, shape (S,): margin ÷ start-of-day equity on the days of the matrix, NaN where unknown.

    Raises
    ------
    InputError : a strategy without a single return, or a margin array of another length.
    """
    given = margin_use or {}
    return tuple(
        _one(name, matrix.dates, matrix.values[:, column], given.get(name))
        for column, name in enumerate(matrix.strategies)
    )


def max_drawdown(returns: Floats) -> Drawdown:
    """Greatest drawdown of a series of decimal returns without NaN, shape (S,), compounded from a start value of 1."""
    values = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    highs = np.maximum.accumulate(values)
    falls = values / highs - 1.0
    trough = int(np.argmin(falls))
    if falls[trough] >= 0.0:
        return Drawdown(0.0, None, None)
    peak = int(np.flatnonzero(values[:trough] == highs[trough])[-1])
    return Drawdown(float(falls[trough]), peak - 1 if peak else None, trough - 1)


def _one(name: str, dates: NDArray[np.datetime64], column: Floats, margin: Floats | None) -> StrategyStatistics:
    present = np.isfinite(column)
    if not present.any():
        raise InputError(f"strategy {name} has no return on any day", remedy="leave it out of the matrix")
    returns, days = column[present], dates[present]
    annual = float(returns.mean()) * TRADING_DAYS
    volatility = _volatility(returns)
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)) * math.sqrt(TRADING_DAYS))
    drawdown = max_drawdown(returns)
    moving = returns[returns != 0.0]
    average_margin, greatest_margin = _margin(name, margin, column.size)
    return StrategyStatistics(
        strategy=name,
        days=int(returns.size),
        first_date=_day(days[0]),
        last_date=_day(days[-1]),
        annual_return=annual,
        volatility=volatility,
        sharpe=_ratio(annual, volatility),
        sortino=_ratio(annual, downside),
        max_drawdown=drawdown.depth,
        drawdown_peak=None if drawdown.peak is None else _day(days[drawdown.peak]),
        drawdown_trough=None if drawdown.trough is None else _day(days[drawdown.trough]),
        var_95=var(returns, 0.95),
        cvar_95=cvar(returns, 0.95),
        cvar_99=cvar(returns, 0.99),
        win_rate=float(np.mean(moving > 0.0)) if moving.size else None,
        cumulative_return=float(np.prod(1.0 + returns) - 1.0),
        average_margin_use=average_margin,
        greatest_margin_use=greatest_margin,
    )


def _volatility(returns: Floats) -> float | None:
    if returns.size < 2:
        return None
    if returns.min() == returns.max():
        return 0.0  # the mean of equal numbers may differ from them in the last bit, and 1e-19 is not a risk
    return float(returns.std(ddof=1)) * math.sqrt(TRADING_DAYS)


def _ratio(annual_return: float, risk: float | None) -> float | None:
    if not risk:
        return None
    ratio = annual_return / risk
    return ratio if math.isfinite(ratio) else None


def _margin(name: str, margin: Floats | None, rows: int) -> tuple[float | None, float | None]:
    if margin is None:
        return None, None
    if margin.shape != (rows,):
        raise InputError(f"margin use of {name} has shape {margin.shape}, expected ({rows},): one value per day")
    known = margin[np.isfinite(margin)]
    if not known.size:
        return None, None
    return float(known.mean()), float(known.max())


def _day(value: np.datetime64) -> date:
    day: date = value.astype("datetime64[D]").item()
    return day
