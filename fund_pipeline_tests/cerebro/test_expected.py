"""Shrunk means against the published formula, its laws, and where it is not defined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.expected import Means, ShrinkageTarget, expected_returns, james_stein, sample_mean
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance
from fund_pipeline_tests.cerebro.conftest import Sample

seeds = st.integers(0, 10_000)


def some_returns(seed: int, days: int = 120, strategies: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0, 0.01, (days, 1))
    return common + rng.normal(rng.normal(0.0, 0.001, strategies), 0.01, (days, strategies))


def jorion(returns: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Jorion 1986, equations 14 and 17, by plain inversion: annual estimates, intensity, annual common mean."""
    days, strategies = returns.shape
    means = returns.mean(axis=0)
    inverse = np.linalg.inv(np.cov(returns.T) * (days - 1) / (days - strategies - 2))
    ones = np.ones(strategies)
    common = ones @ inverse @ means / (ones @ inverse @ ones)
    apart = means - common
    intensity = (strategies + 2) / (strategies + 2 + days * apart @ inverse @ apart)
    return ((1 - intensity) * means + intensity * common) * 252, intensity, common * 252


def test_the_sample_mean_is_annualised_by_252_days() -> None:
    np.testing.assert_allclose(sample_mean(np.array([[0.01, 0.0], [0.0, -0.02]])), [1.26, -2.52], rtol=1e-15)


def test_two_uncorrelated_strategies_by_hand() -> None:
    """S 8, N 2, sample variance 8/7e-4: S(S-1)/(S-N-2) = 2e-4; distance 8 x 2e-6 / 2e-4 = .08; phi = 4 / 4.08."""
    first = np.array([1, 1, 1, 1, -1, -1, -1, -1]) * 0.01 + 0.002
    second = np.array([1, -1, 1, -1, 1, -1, 1, -1]) * 0.01
    found = james_stein(np.column_stack((first, second)))
    assert found.intensity == pytest.approx(4 / 4.08, rel=1e-12)
    assert found.target_annual == pytest.approx(0.252, rel=1e-12)
    assert found.annual == pytest.approx(252 * np.array([0.001 + 0.001 * 0.08 / 4.08, 0.001 - 0.001 * 0.08 / 4.08]))


@given(seeds)
@settings(max_examples=30)
def test_the_estimate_is_the_published_formula(seed: int) -> None:
    returns = some_returns(seed)
    annual, intensity, common = jorion(returns)
    found = expected_returns(returns, Means.JAMES_STEIN)
    np.testing.assert_allclose(found.annual, annual, rtol=1e-8, atol=1e-10)
    assert found.intensity == pytest.approx(intensity, rel=1e-9)
    assert found.target_annual == pytest.approx(common, rel=1e-8, abs=1e-10)
    assert found.target is ShrinkageTarget.MINIMUM_VARIANCE


@given(seeds, st.floats(0.01, 50.0))
@settings(max_examples=30)
def test_scaling_returns_scales_the_estimate_and_leaves_the_intensity(seed: int, factor: float) -> None:
    returns = some_returns(seed)
    plain, scaled = james_stein(returns), james_stein(returns * factor)
    np.testing.assert_allclose(scaled.annual, plain.annual * factor, rtol=1e-8, atol=1e-10)
    assert scaled.intensity == pytest.approx(plain.intensity, rel=1e-9)


@given(seeds)
@settings(max_examples=30)
def test_a_copy_of_a_strategy_changes_no_estimate(seed: int) -> None:
    returns = some_returns(seed)
    with_copy = james_stein(np.column_stack((returns, returns[:, 2])))
    alone = james_stein(returns)
    np.testing.assert_allclose(with_copy.annual[:5], alone.annual, rtol=1e-7, atol=1e-10)
    assert with_copy.annual[5] == pytest.approx(with_copy.annual[2], rel=1e-12)
    assert with_copy.intensity == pytest.approx(alone.intensity, rel=1e-7)


def test_a_strategy_that_never_varies_keeps_its_mean_and_has_no_say() -> None:
    returns = some_returns(1)
    found = james_stein(np.column_stack((np.full(120, 0.0002), returns)))
    np.testing.assert_allclose(found.annual[1:], james_stein(returns).annual, rtol=1e-12)
    assert found.annual[0] == pytest.approx(0.0504, rel=1e-12)


def test_where_nothing_varies_every_mean_is_kept() -> None:
    found = james_stein(np.full((10, 3), 0.0001))
    assert (found.intensity, found.target, found.target_annual) == (0.0, None, None)
    np.testing.assert_allclose(found.annual, 0.0252)


@pytest.mark.parametrize("days", [2, 3, 7])
def test_too_few_days_to_tell_means_apart_give_all_the_same(days: int) -> None:
    returns = some_returns(5, days=days)
    found = james_stein(returns)
    assert (found.intensity, found.target) == (1.0, ShrinkageTarget.GRAND_MEAN)
    np.testing.assert_allclose(found.annual, returns.mean() * 252, rtol=1e-12)


def test_a_single_day_keeps_what_it_says() -> None:
    """One day varies in no strategy."""
    assert james_stein(np.array([[0.01, -0.01]])).annual == pytest.approx([2.52, -2.52])


def test_a_strategy_and_its_mirror_image_have_no_least_variance_to_shrink_to() -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.01, 60)
    found = james_stein(np.column_stack((noise + 0.001, 0.002 - noise)))
    assert found.target is ShrinkageTarget.GRAND_MEAN
    assert found.target_annual == pytest.approx(0.0015 * 252, rel=1e-9)


@given(seeds)
@settings(max_examples=60)
def test_copies_dead_columns_and_hedges_give_numbers_between_mean_and_target(seed: int) -> None:
    returns = random_instance(seed).scenarios.values
    found, plain = james_stein(returns), sample_mean(returns)
    assert np.isfinite(found.annual).all()
    assert 0.0 <= found.intensity <= 1.0
    if found.target_annual is not None:
        low, high = np.minimum(plain, found.target_annual), np.maximum(plain, found.target_annual)
        assert ((found.annual >= low - 1e-12) & (found.annual <= high + 1e-12)).all()


def test_the_nine_backtests_are_shrunk_in_part(sample: Sample) -> None:
    returns = sample.matrix.common_window().values
    annual, intensity, _ = jorion(returns)
    found = james_stein(returns)
    assert 0.05 < found.intensity < 0.95
    assert found.intensity == pytest.approx(intensity, rel=1e-8)
    np.testing.assert_allclose(found.annual, annual, rtol=1e-7)


@pytest.mark.parametrize("returns", [np.zeros(3), np.zeros((0, 2)), np.zeros((3, 0)), np.array([[0.1, np.nan]])])
@pytest.mark.parametrize("means", list(Means))
def test_returns_that_are_no_matrix_of_numbers_are_refused(returns: np.ndarray, means: Means) -> None:
    with pytest.raises(InputError, match="return"):
        expected_returns(returns, means)
