"""Small matrices and problems that the simulations are tested on."""

from __future__ import annotations

from typing import Any

import numpy as np

from fund_pipeline.cerebro.allocation import Constraints, Problem
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline_tests.cerebro.allocation.test_engine import fat_tailed


def matrix(values: Floats, first: str = "2001-01-01") -> ReturnsMatrix:
    """Strategies S0, S1, … on consecutive days."""
    days, strategies = values.shape
    return ReturnsMatrix(
        np.datetime64(first) + np.arange(days), tuple(f"S{i}" for i in range(strategies)), values.astype(np.float64)
    )


def problem_of(values: Floats, **limits: Any) -> Problem:
    """Sample means, no margin, cash today."""
    strategies = values.shape[1]
    return Problem(
        matrix(values),
        values.mean(axis=0) * 252,
        np.zeros(strategies),
        np.zeros(strategies),
        Constraints(**{"margin_cap": None, **limits}),
    )


def fat_tailed_problem(days: int = 300, strategies: int = 8, seed: int = 4, **limits: Any) -> Problem:
    """Factors with fat tails; CVaR at .95 within 1 %, unless asked otherwise."""
    return problem_of(fat_tailed(days, strategies, seed=seed), **limits)
