"""Annual variance of a portfolio: from its scenarios, or from a covariance matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.model import TRADING_DAYS, Floats
from fund_pipeline.errors import InputError

_MANY = 2
"""Times as many strategies as days from which the days, and not a covariance, describe the risk."""

_STILL = 1e-12
"""Spread of the returns ÷ their size at and below which a strategy does not move."""


@dataclass(frozen=True)
class Risk:
    """Annual covariance Σ of N strategies, as a matrix or as the factor X of Σ = XᵀX; exactly one of the two is given.

    Attributes
    ----------
    covariance : (N, N) annual, symmetric and positive semidefinite, or None.
    factor : (S, N) centred returns × √(252 ÷ (S − 1)), or None. Then no (N, N) matrix is made.
    deviations : (N,) annual volatility of each strategy; exactly 0 where it does not move.
    """

    covariance: Floats | None
    factor: Floats | None
    deviations: Floats

    def slope(self, weights: Floats) -> Floats:
        """(N,) Σw, half the gradient of the variance."""
        factor = self.factor
        product: Floats = self.matrix() @ weights if factor is None else factor.T @ (factor @ weights)
        return product

    def variance(self, weights: Floats) -> float:
        """w'Σw, never below 0."""
        if self.factor is not None:
            moves = self.factor @ weights
            return float(moves @ moves)
        return max(float(weights @ self.slope(weights)), 0.0)

    def volatility(self, weights: Floats) -> float:
        """√(w'Σw)."""
        return math.sqrt(self.variance(weights))

    def matrix(self) -> Floats:
        """Σ (N, N)."""
        if self.covariance is not None:
            return self.covariance
        if self.factor is None:
            raise InputError("neither a covariance nor returns are given")
        product: Floats = self.factor.T @ self.factor
        return product

    def cancels(self, weights: Floats) -> bool:
        """Whether the portfolio of weights (N,) does not move, but for rounding."""
        moving = self.deviations[self.deviations > 0.0]
        alone = float(np.abs(weights).sum() * moving.mean()) if moving.size else 0.0
        return self.volatility(weights) <= _CANCELLED * alone


_CANCELLED = 1e-6
"""Share of the volatility of strategies alone at which nothing is left: a variance is known to about its square."""


def risk_of_returns(returns: Floats) -> Risk:
    """The sample covariance (ddof 1) × 252 of decimal daily returns (S, N).

    Raises
    ------
    InputError : fewer than two days.
    """
    days, strategies = returns.shape
    if days < 2:
        raise InputError(f"there are {days} days of returns, expected at least 2 for a variance")
    centred = returns - returns.mean(axis=0)
    still = np.ptp(returns, axis=0) <= _STILL * np.abs(returns).max(axis=0)
    centred[:, still] = 0.0
    centred *= math.sqrt(TRADING_DAYS / (days - 1))
    deviations = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    if strategies > _MANY * days:
        return Risk(None, centred, deviations)
    return Risk(centred.T @ centred, None, deviations)


def risk_of_covariance(covariance: Floats) -> Risk:
    """The risk that a covariance matrix (N, N) states; per whatever period the expected returns are.

    Raises
    ------
    InputError : a matrix that is not square, symmetric, finite and positive semidefinite.
    """
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
        raise InputError(f"the covariance has shape {covariance.shape}, expected a square matrix")
    if not np.isfinite(covariance).all():
        raise InputError("the covariance holds a value that is not a number")
    greatest = float(np.abs(covariance).max())
    if np.abs(covariance - covariance.T).max() > 1e-9 * greatest:
        raise InputError("the covariance is not symmetric")
    if np.linalg.eigvalsh(covariance)[0] < -1e-9 * greatest:
        raise InputError("the covariance is not positive semidefinite", remedy="take the nearest matrix that is")
    return Risk(covariance, None, np.sqrt(np.maximum(np.diag(covariance), 0.0)))
