"""Drawdown, volatility and ratios of daily returns, by Cerebro's statistics: the same as of a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from fund_pipeline.accounts.performance.figures import Figure, NotDefined
from fund_pipeline.accounts.performance.time_weighted import DailyReturn
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.cerebro.statistics import strategy_statistics


@dataclass(frozen=True)
class RiskFigures:
    """Risk over the days that have a return. Decimals; annual by 252 days; risk-free rate 0.

    Attributes
    ----------
    volatility : sample standard deviation of daily returns × √252.
    sharpe : mean daily return × 252 ÷ volatility.
    sortino : the same ÷ √(mean of min(r, 0)²) × √252.
    max_drawdown : least of value ÷ highest value so far - 1, 0 or negative.
    drawdown_peak : day of the high before it; None if that is the start, or nothing fell.
    drawdown_trough : day of the low; None if nothing fell.
    recovered : first day after the trough at which the high was reached again; None if not yet, or nothing fell.
    days : how many returns these figures rest on.
    """

    volatility: Figure
    sharpe: Figure
    sortino: Figure
    max_drawdown: Figure
    drawdown_peak: date | None
    drawdown_trough: date | None
    recovered: date | None
    days: int


def risk_of(returns: tuple[DailyReturn, ...]) -> RiskFigures:
    """Risk of daily returns; not defined where one of them is not, or there is none."""
    for one in returns:
        if isinstance(one.value, NotDefined):
            return _without(one.value, len(returns))
    if not returns:
        return _without(NotDefined.NO_DAYS, 0)
    days = np.array([one.day for one in returns], dtype="datetime64[D]")
    values = np.array([float(one.value) for one in returns])
    (found,) = strategy_statistics(ReturnsMatrix(days, ("it",), values[:, None]))
    return RiskFigures(
        volatility=_figure(found.volatility, NotDefined.TOO_SHORT),
        sharpe=_figure(found.sharpe, NotDefined.NO_RISK if len(returns) > 1 else NotDefined.TOO_SHORT),
        sortino=_figure(found.sortino, NotDefined.NO_RISK),
        max_drawdown=_figure(found.max_drawdown, NotDefined.NO_DAYS),
        drawdown_peak=found.drawdown_peak,
        drawdown_trough=found.drawdown_trough,
        recovered=_recovered(returns, found.drawdown_peak, found.drawdown_trough),
        days=len(returns),
    )


def _recovered(returns: tuple[DailyReturn, ...], peak: date | None, trough: date | None) -> date | None:
    if trough is None:
        return None
    value = 1.0
    for one in returns:
        if peak is not None and one.day <= peak:
            continue
        value *= 1.0 + float(one.value)
        if one.day > trough and value >= 1.0 - 1e-12:
            return one.day
    return None


def _figure(value: float | None, otherwise: NotDefined) -> Figure:
    return otherwise if value is None else Decimal(repr(value))


def _without(why: NotDefined, days: int) -> RiskFigures:
    return RiskFigures(why, why, why, why, None, None, None, days)
