"""Real returns: a few hundred simple rules run on the daily closes of twenty stocks and their index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

PRICES = Path(__file__).parents[2] / "data" / "prices"
TREND = (5, 10, 20, 50, 100, 200)
MOMENTUM = (10, 21, 63, 126, 252)
REVERSAL = (1, 2, 3, 5, 10)
COST = 0.0005
"""Decimal of the notional traded, as for the sample backtests."""


def closes() -> np.ndarray:
    """(days, instruments) closes of the stocks and the index on the days of the stocks, oldest first."""
    stocks = pl.read_csv(PRICES / "us_stocks.csv")
    index = pl.read_csv(PRICES / "sp500_index.csv")
    both = stocks.join(index, on="date", how="inner").sort("date").drop("date")
    return both.to_numpy().astype(np.float64)


def rule_returns() -> np.ndarray:
    """(days, rules × instruments) of the real closes."""
    return returns_of_rules(closes())


def returns_of_rules(prices: np.ndarray) -> np.ndarray:
    """(days, rules × instruments) decimal daily returns after costs, from the first day on which every rule can decide.

    Rules, each on each instrument: hold it; be long above the mean of the last n closes, else flat; long or short by
    the sign of the last n days' return; against that sign. A rule decides from closes up to the day before and holds
    through the day.
    """
    daily = prices[1:] / prices[:-1] - 1.0
    start = max(*TREND, *MOMENTUM, *REVERSAL) + 1
    return np.hstack([_earned(position, daily)[start:] for position in _positions(prices)])


def _positions(prices: np.ndarray) -> list[np.ndarray]:
    """Of each rule, (days, instruments) what it wants at each close; 0 while it cannot tell."""
    wanted = [np.ones_like(prices)]
    total = np.vstack([np.zeros(prices.shape[1]), np.cumsum(prices, axis=0)])
    for days in TREND:
        mean = (total[days:] - total[:-days]) / days
        wanted.append(_late(prices[days - 1 :] > mean, prices.shape))
    wanted += [_late(_sign_of_last(prices, days), prices.shape) for days in MOMENTUM]
    wanted += [_late(-_sign_of_last(prices, days), prices.shape) for days in REVERSAL]
    return wanted


def _sign_of_last(prices: np.ndarray, days: int) -> np.ndarray:
    return np.sign(prices[days:] - prices[:-days])


def _late(known: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What is known of the last rows, with 0 before."""
    all_days = np.zeros(shape)
    all_days[shape[0] - len(known) :] = known
    return all_days


def _earned(position: np.ndarray, daily: np.ndarray) -> np.ndarray:
    """Day t + 1 earns the position of close t, less the cost of getting into it; daily[t] is from close t to t + 1."""
    held = position[:-1]
    traded = np.abs(np.diff(held, axis=0, prepend=0.0))
    return held * daily - COST * traded
