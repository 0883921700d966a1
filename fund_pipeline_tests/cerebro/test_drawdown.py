"""Drawdowns and their conditional mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.cerebro.drawdown import cdar, cdar_slope, drawdowns

ALMOST_ALL = 1.0 - 1e-9


def test_drawdowns_are_measured_from_the_highest_value_so_far() -> None:
    assert drawdowns(np.array([0.10, -0.05, -0.10, 0.20, -0.01])) == pytest.approx([0.0, 0.05, 0.15, 0.0, 0.01])


def test_a_fall_from_the_start_counts() -> None:
    assert drawdowns(np.array([-0.02, -0.01, 0.01])) == pytest.approx([0.02, 0.03, 0.02])


def test_cdar_is_the_mean_of_the_worst_drawdowns() -> None:
    returns = np.array([0.10, -0.05, -0.10, 0.20, -0.01])
    assert cdar(returns, 0.6) == pytest.approx((0.15 + 0.05) / 2)
    assert cdar(returns, ALMOST_ALL) == pytest.approx(0.15)


def test_returns_that_never_fall_have_no_drawdown() -> None:
    assert cdar(np.full(20, 0.001), 0.9) == 0.0


@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.8, 0.95, ALMOST_ALL]))
def test_the_slope_touches_cdar_at_its_weights_and_stays_below_it_everywhere(seed: int, beta: float) -> None:
    rng = np.random.default_rng(seed)
    scenarios = rng.normal(0.0, 0.01, (int(rng.integers(3, 60)), int(rng.integers(1, 6))))
    if rng.random() < 0.3:
        scenarios = np.round(scenarios, 2)
    weights, others = rng.uniform(0.0, 1.0, (2, scenarios.shape[1]))
    slope = cdar_slope(scenarios, weights, beta)
    assert slope @ weights == pytest.approx(cdar(scenarios @ weights, beta), abs=1e-12)
    assert slope @ others <= cdar(scenarios @ others, beta) + 1e-12
