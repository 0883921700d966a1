"""Pairwise correlation against pandas, and its lagged twin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fund_pipeline.cerebro.correlation import lagged_correlation, pairwise_correlation
from fund_pipeline.errors import InputError

NAN = float("nan")
small_matrices = arrays(np.float64, (12, 4), elements=st.integers(-3, 3).map(float) | st.just(NAN))


def gappy(rows: int, columns: int, missing: float, seed: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(3e-4, 0.01, (rows, columns)) + rng.normal(0.0, 0.008, (rows, 1))
    values[rng.random(values.shape) < missing] = NAN
    return values


def assert_equals_pandas(values: np.ndarray, min_overlap: int) -> None:
    expected = pd.DataFrame(values).corr(min_periods=min_overlap).to_numpy()
    found = pairwise_correlation(values, min_overlap)
    np.testing.assert_allclose(found.matrix, expected, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.7])
def test_correlation_equals_pandas_with_gaps(missing: float) -> None:
    assert_equals_pandas(gappy(2500, 15, missing), min_overlap=60)


def test_correlation_equals_pandas_where_histories_begin_on_different_days() -> None:
    values = gappy(1500, 10, 0.0)
    for column in range(10):
        values[: column * 150, column] = NAN
    assert_equals_pandas(values, min_overlap=60)


def test_correlation_equals_pandas_where_a_series_hardly_moves_in_the_common_days() -> None:
    values = gappy(400, 3, 0.0)
    values[:300, 0] = 5.0
    values[300:, 0] = 5.0 + 1e-9 * values[300:, 1]
    values[:300, 1] = NAN
    expected = pd.DataFrame(values).corr().to_numpy()
    np.testing.assert_allclose(pairwise_correlation(values, 2).matrix, expected, atol=1e-6)


@given(small_matrices)
@settings(max_examples=200)
def test_correlation_equals_pandas_on_any_small_matrix(values: np.ndarray) -> None:
    assert_equals_pandas(values, min_overlap=2)


def test_a_pair_with_too_few_common_days_is_undefined() -> None:
    values = gappy(100, 2, 0.0)
    values[:50, 0] = NAN
    values[60:, 1] = NAN
    assert np.isnan(pairwise_correlation(values, 11).matrix[0, 1])
    found = pairwise_correlation(values, 10)
    assert np.isfinite(found.matrix[0, 1])
    assert found.overlap.tolist() == [[50, 10], [10, 60]]


def test_a_series_that_never_moves_has_no_correlation_not_even_with_itself() -> None:
    values = gappy(200, 3, 0.2)
    values[:, 1] = 0.1
    found = pairwise_correlation(values, 20).matrix
    assert np.isnan(found[1]).all()
    assert np.isnan(found[:, 1]).all()
    assert found[0, 0] == found[2, 2] == 1.0


def test_correlations_stay_within_one_for_series_that_are_multiples() -> None:
    base = gappy(500, 1, 0.0)
    found = pairwise_correlation(base * np.array([[1.0, 3.0, -7.0]]), 10).matrix
    assert np.abs(found).max() == 1.0
    np.testing.assert_allclose(found[0], [1.0, 1.0, -1.0], atol=1e-14)


@given(small_matrices)
@settings(max_examples=60)
def test_the_matrix_is_symmetric(values: np.ndarray) -> None:
    found = pairwise_correlation(values, 2).matrix
    assert np.array_equal(found, found.T, equal_nan=True)


def test_one_day_of_overlap_is_refused() -> None:
    with pytest.raises(InputError, match="min_overlap is 1"):
        pairwise_correlation(np.zeros((3, 2)), 1)


def test_the_lagged_twin_sees_a_series_that_is_one_day_late() -> None:
    values = gappy(1000, 3, 0.0)
    values[1:, 2] = values[:-1, 0].copy()
    plain = pairwise_correlation(values, 60).matrix
    found = lagged_correlation(values, 60)
    assert abs(plain[0, 2]) < 0.1
    assert found.matrix[0, 2] > 0.99
    assert (found.lag[0, 2], found.lag[2, 0]) == (1, -1)


def test_the_lagged_twin_equals_shifted_pandas_correlations() -> None:
    frame = pd.DataFrame(gappy(300, 4, 0.2))
    found = lagged_correlation(frame.to_numpy(), 30, max_lag=2)
    for i in range(4):
        for j in range(i + 1, 4):
            by_lag = {k: frame[i].corr(frame[j].shift(-k), min_periods=30) for k in range(-2, 3)}
            lag = max(by_lag, key=lambda k: abs(by_lag[k]))
            assert found.lag[i, j] == lag
            assert found.matrix[i, j] == pytest.approx(by_lag[lag], abs=1e-12)


@given(small_matrices)
@settings(max_examples=60)
def test_the_lagged_twin_is_symmetric_and_never_weaker(values: np.ndarray) -> None:
    plain = pairwise_correlation(values, 3).matrix
    found = lagged_correlation(values, 3, max_lag=2)
    assert np.array_equal(found.matrix, found.matrix.T, equal_nan=True)
    assert np.array_equal(found.lag, -found.lag.T)
    defined = np.isfinite(plain)
    assert (np.abs(found.matrix[defined]) >= np.abs(plain[defined])).all()


def test_a_lag_as_long_as_the_history_is_refused() -> None:
    with pytest.raises(InputError, match="max_lag is 5"):
        lagged_correlation(np.zeros((5, 2)), 2, max_lag=5)
