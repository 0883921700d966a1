"""Equity that holds weights and lets them drift, and what its daily returns come to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation import Constraints
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats
from fund_pipeline.cerebro.simulation.kupiec import Exceedances, proportion_of_failures
from fund_pipeline.cerebro.statistics import max_drawdown


@dataclass(frozen=True)
class TrackSummary:
    """What a track comes to. Decimals; all after costs but for `annual_return_gross`.

    Attributes
    ----------
    annual_return_gross, annual_return_net : mean daily return × 252.
    volatility_annual : sample standard deviation × √252; 0 for a single day.
    sharpe : annual return ÷ volatility; None where it is 0.
    realised_cvar : mean of the worst (1 − beta) of the days, one day.
    cvar_limit : what each choice was held to; None without a limit.
    max_drawdown : 0 or negative.
    average_turnover : per rebalance, the first one included, which buys from cash.
    total_cost : sum of the costs, each a decimal of equity on its day.
    exceedances : days that lost more, before costs, than the VaR that was seen in the sample when the weights were
        chosen.
    """

    annual_return_gross: float
    annual_return_net: float
    volatility_annual: float
    sharpe: float | None
    realised_cvar: float
    cvar_limit: float | None
    max_drawdown: float
    average_turnover: float
    total_cost: float
    exceedances: Exceedances


class Track:
    """Equity over the rows of a matrix from a first one on.

    Parameters
    ----------
    values : (S, N) decimal daily returns.
    first : row of the first day.

    Attributes
    ----------
    weights : (N,) what is held at the end of the last day, fractions of equity; all 0 at first.
    end : the row after the last day.
    ruined : whether nothing of the equity is left.
    total_cost : sum of the costs so far.
    held_days, beyond_var : days on which something was held, and those among them that lost more than VaR.
    """

    def __init__(self, values: Floats, first: int) -> None:
        self._values = values
        self._gross = np.empty(len(values) - first)
        self._net = np.empty(len(values) - first)
        self._first = first
        self.end = first
        self.weights: Floats = np.zeros(values.shape[1])
        self.ruined = False
        self.total_cost = 0.0
        self.held_days = 0
        self.beyond_var = 0

    @property
    def gross(self) -> Floats:
        """(T,) daily returns before costs."""
        return self._gross[: self.end - self._first]

    @property
    def net(self) -> Floats:
        """(T,) daily returns after costs."""
        return self._net[: self.end - self._first]

    def hold(self, weights: Floats, cost: float, var: float, days: int) -> bool:
        """Hold the weights for so many days, or to the last row; False if that lost all equity.

        Parameters
        ----------
        weights : (N,) fractions of equity before the cost, which is paid in cash on the first day.
        cost : decimal of equity.
        var : a one-day loss; days that lose more are counted.
        """
        held = np.flatnonzero(weights)
        positions = weights[held]
        self.total_cost += cost
        for row in range(self.end, min(self.end + days, len(self._values))):
            moves = self._values[row, held]
            gross = float(positions @ moves)
            net = gross - cost
            cost = 0.0
            self._gross[row - self._first], self._net[row - self._first] = gross, net
            self.end = row + 1
            if held.size:
                self.held_days += 1
                self.beyond_var += -gross > var
            if net <= -1.0:
                self.ruined = True
                return False
            positions = positions * (1.0 + moves) / (1.0 + net)
        self.weights = np.zeros(weights.size)
        self.weights[held] = positions
        return True


def summary_of(track: Track, constraints: Constraints, average_turnover: float) -> TrackSummary:
    """What the track comes to; at least one day."""
    gross, net = track.gross, track.net
    moves = net.size > 1 and net.min() < net.max()
    volatility = float(net.std(ddof=1)) * math.sqrt(TRADING_DAYS) if moves else 0.0
    annual = float(net.mean()) * TRADING_DAYS
    return TrackSummary(
        annual_return_gross=float(gross.mean()) * TRADING_DAYS,
        annual_return_net=annual,
        volatility_annual=volatility,
        sharpe=annual / volatility if volatility > 0.0 else None,
        realised_cvar=cvar(net, constraints.beta),
        cvar_limit=constraints.cvar_limit,
        max_drawdown=max_drawdown(net).depth,
        average_turnover=average_turnover,
        total_cost=track.total_cost,
        exceedances=proportion_of_failures(int(track.beyond_var), track.held_days, constraints.beta),
    )
