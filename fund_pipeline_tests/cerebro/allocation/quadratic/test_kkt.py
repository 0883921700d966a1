"""The bound of a quadratic optimum, and that an answer without proof is not given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.allocation.limits import LinearLimit
from fund_pipeline.cerebro.allocation.quadratic import Quadratic, minimise_variance, risk_of_returns
from fund_pipeline.cerebro.allocation.quadratic.kkt import checked, linear_bound
from fund_pipeline.cerebro.allocation.quadratic.programme import Prices, Question
from fund_pipeline.errors import InvariantError
from fund_pipeline_tests.cerebro.allocation.quadratic.cases import fat_tailed, limits_for

RETURNS = fat_tailed(1, 100, 5)
LIMITS = replace(
    limits_for(RETURNS, upper=np.full(5, np.inf), current=np.full(5, 0.1), turnover=0.8, trade_price=0.01),
    rows=(LinearLimit("max_leverage", np.ones(5), 1.0), LinearLimit("margin_cap", np.linspace(0.1, 0.5, 5), 0.2)),
    target_return=0.01,
)


@settings(max_examples=100)
@given(st.integers(0, 10**6))
def test_the_bound_holds_whatever_the_multipliers_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    question = Question(LIMITS, risk_of_returns(RETURNS), reward=1.0)
    prices = Prices(rng.exponential(1.0, 2), rng.exponential(), rng.normal(0.0, 2.0, 5), 0.0, rng.exponential())
    slope = rng.normal(0.0, 0.3, 5)
    bound = linear_bound(question, prices, slope).least
    assert np.isfinite(bound)
    tried = np.clip(LIMITS.current + rng.normal(0.0, 0.1, (50, 5)), 0.0, None)
    for weights in (LIMITS.current, *tried):
        if not LIMITS.broken_by(weights):
            assert slope @ weights + 0.01 * np.abs(weights - LIMITS.current).sum() >= bound - 1e-12


def test_an_answer_that_is_not_proved_is_not_given() -> None:
    limits = limits_for(RETURNS, budget=1.0)
    found = minimise_variance(limits)
    assert isinstance(found, Quadratic)
    with pytest.raises(InvariantError, match="from its bound"):
        checked(limits, replace(found, relative_gap=1e-6))
    with pytest.raises(InvariantError, match="break budget"):
        checked(limits, replace(found, weights=0.9 * found.weights))
