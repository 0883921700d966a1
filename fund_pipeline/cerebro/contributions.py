"""Where a portfolio's risk and return come from, strategy by strategy.

Each figure is homogeneous of degree one in the weights, so it is the sum of weight × slope (Euler; D. Tasche, "Risk
contributions and performance measurement", 1999).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.cvar import cvar, cvar_contributions
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats
from fund_pipeline.errors import InputError


@dataclass(frozen=True)
class Contributions:
    """Contributions of N strategies, decimals of portfolio value, each array summing to the total beside it.

    Attributes
    ----------
    cvar : (N,) to the one-day CVaR, `total_cvar`.
    volatility_annual : (N,) to the annual volatility, wᵢ·(Σw)ᵢ ÷ σ; all 0 for a portfolio that does not move.
    expected_return_annual : (N,) to the expected annual return.
    """

    cvar: Floats
    volatility_annual: Floats
    expected_return_annual: Floats
    total_cvar: float
    total_volatility_annual: float
    total_expected_return_annual: float


def contributions(returns: Floats, weights: Floats, expected: Floats, beta: float) -> Contributions:
    """Contributions of each strategy to CVaR, volatility and expected return of the portfolio.

    Parameters
    ----------
    returns : (S, N) decimal daily returns without NaN.
    weights : (N,) fractions of portfolio value.
    expected : (N,) expected annual returns, decimals.
    beta : confidence level of CVaR, in (0, 1).

    Raises
    ------
    InputError : shapes that do not match, a figure that is not finite, or a beta out of range.
    """
    to_cvar = cvar_contributions(returns, weights, beta)
    if expected.shape != weights.shape:
        raise InputError(
            f"expected returns have shape {expected.shape} and weights {weights.shape}",
            remedy="give one expected return per column of returns",
        )
    if not (np.isfinite(expected).all() and np.isfinite(weights).all()):
        raise InputError("an expected return or a weight is not a finite number")
    portfolio = returns @ weights
    to_volatility, volatility = _of_volatility(returns, weights, portfolio)
    to_return = expected * weights
    return Contributions(
        cvar=to_cvar,
        volatility_annual=to_volatility,
        expected_return_annual=to_return,
        total_cvar=cvar(portfolio, beta),
        total_volatility_annual=volatility,
        total_expected_return_annual=math.fsum(to_return),
    )


def _of_volatility(returns: Floats, weights: Floats, portfolio: Floats) -> tuple[Floats, float]:
    """(N,) contributions and the total; (Σw)ᵢ is the covariance of strategy i with the portfolio."""
    moves = portfolio.min() < portfolio.max()
    daily = float(portfolio.std(ddof=1)) if moves else 0.0
    if daily == 0.0:  # also where the squares of moves are too small for a number
        return np.zeros(weights.size), 0.0
    centred = portfolio - portfolio.mean()
    annual = math.sqrt(TRADING_DAYS)
    covariances = centred @ (returns - returns.mean(axis=0)) / (portfolio.size - 1)
    shares: Floats = weights * covariances / daily * annual
    return shares, daily * annual
