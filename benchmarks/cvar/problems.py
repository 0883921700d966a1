"""The problems that are timed: seeded returns with fat-tailed common factors, posed under a CVaR limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation import Constraints, Problem, solve
from fund_pipeline.cerebro.model import TRADING_DAYS, ReturnsMatrix

BETA, LEVERAGE, MAX_WEIGHT = 0.95, 2.0, 0.5
FREE = Constraints(beta=BETA, cvar_limit=None, max_leverage=LEVERAGE, max_weight=MAX_WEIGHT, margin_cap=None)


def generate(days: int, strategies: int, seed: int = 20240101) -> np.ndarray:
    """Daily returns (days, strategies): five Student-t(4) factors and Student-t(4) noise of unequal size."""
    rng = np.random.default_rng(seed)
    factors = 0.006 * rng.standard_t(4, (days, 5)) @ rng.normal(0.0, 0.6, (5, strategies))
    noise = 0.008 * rng.standard_t(4, (days, strategies)) * rng.uniform(0.5, 1.5, strategies)
    return factors + noise + rng.normal(3e-4, 4e-4, strategies)


def matrix_of(values: np.ndarray) -> ReturnsMatrix:
    """Returns (days, strategies) with made-up dates and names."""
    days, strategies = values.shape
    names = tuple(f"S{i}" for i in range(strategies))
    return ReturnsMatrix(np.datetime64("1980-01-01") + np.arange(days), names, values)


def annual_means(values: np.ndarray) -> np.ndarray:
    return values.mean(axis=0) * TRADING_DAYS


def pose(values: np.ndarray, limit: float | None, expected: np.ndarray | None = None) -> Problem:
    """The problem of a matrix: sample means unless others are given, no margins, nothing held yet."""
    none = np.zeros(values.shape[1])
    expected = annual_means(values) if expected is None else expected
    return Problem(matrix_of(values), expected, none, none, replace(FREE, cvar_limit=limit))


def limit_of(values: np.ndarray, share: float) -> float:
    """A CVaR limit: this share of the CVaR of the most return without one."""
    return share * solve(pose(values, None)).cvar


def held_of(weights: np.ndarray) -> int:
    return int((weights > 1e-6).sum())
