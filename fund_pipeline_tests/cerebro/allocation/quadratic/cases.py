"""Limits and returns that the tests of the quadratic objectives share."""

from __future__ import annotations

import numpy as np

from fund_pipeline.cerebro.allocation.limits import Limits, LinearLimit
from fund_pipeline.cerebro.model import Floats


def fat_tailed(seed: int, days: int, strategies: int) -> Floats:
    """(days, strategies) daily returns with common factors and a small drift."""
    rng = np.random.default_rng(seed)
    factors = rng.standard_t(4, (days, 3)) * 0.005
    own = rng.standard_t(4, (days, strategies)) * rng.uniform(0.003, 0.01, strategies)
    return factors @ rng.normal(0.3, 0.5, (3, strategies)) + own + rng.normal(0.0005, 0.0003, strategies)


def limits_for(returns: Floats, **changes: object) -> Limits:
    """No limit but Σw ≤ 2 and w ≤ .5, expected returns being the sample's; with changes."""
    n = returns.shape[1]
    given: dict[str, object] = {
        "returns": returns,
        "expected": returns.mean(axis=0) * 252,
        "beta": 0.95,
        "lower": np.zeros(n),
        "upper": np.full(n, 0.5),
        "rows": (LinearLimit("max_leverage", np.ones(n), 2.0),),
        "cvar_limit": None,
        "turnover": None,
        "current": np.zeros(n),
        "budget": None,
    }
    return Limits(**(given | changes))
