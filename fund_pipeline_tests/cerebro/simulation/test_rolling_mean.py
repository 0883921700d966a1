"""A mean that is moved is the mean."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fund_pipeline.cerebro.simulation.rolling_mean import RollingMean


@pytest.mark.parametrize(("window", "step"), [(100, 1), (50, 7), (20, 60)])
def test_every_window_has_the_mean_of_its_rows(window: int, step: int) -> None:
    values = np.random.default_rng(2).normal(3e-5, 0.01, (3000, 4))
    rolling = RollingMean(values)
    for end in range(window, 3000, step):
        exact = [math.fsum(column) / window for column in values[end - window : end].T]
        np.testing.assert_allclose(rolling.of(end - window, end), exact, rtol=1e-13, atol=1e-18)


def test_a_huge_return_leaves_no_trace_when_it_has_left() -> None:
    values = np.full((40, 1), 1e-4)
    values[5] = 1e12
    rolling = RollingMean(values)
    for end in range(10, 30):
        found = rolling.of(end - 10, end)
    assert found[0] == pytest.approx(1e-4, rel=1e-12)


def test_an_anchored_window_only_grows() -> None:
    values = np.random.default_rng(3).normal(0.0, 0.01, (200, 3))
    rolling = RollingMean(values)
    for end in (50, 51, 120, 200):
        np.testing.assert_allclose(rolling.of(0, end), values[:end].mean(axis=0), rtol=1e-12, atol=1e-17)
