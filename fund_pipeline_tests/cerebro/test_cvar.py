"""CVaR against its definition, its published properties, and the edges of its domain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fund_pipeline.cerebro.cvar import cvar, cvar_contributions, tail_weights, var
from fund_pipeline.errors import InputError

returns_of_any_length = arrays(np.float64, st.integers(1, 60), elements=st.floats(-0.5, 0.5, allow_nan=False, width=32))
betas = st.floats(0.01, 0.99)


def minimisation_formula(returns: np.ndarray, beta: float) -> float:
    """Rockafellar & Uryasev 2000, equation 4: the least over alpha of alpha + E[(loss - alpha)+] / (1 - beta)."""
    losses = -returns
    return min(alpha + np.maximum(losses - alpha, 0.0).mean() / (1.0 - beta) for alpha in losses)


def test_a_whole_number_of_tail_days_gives_their_plain_mean() -> None:
    returns = -np.arange(1.0, 101.0) / 1000.0
    assert cvar(returns, 0.95) == pytest.approx(np.mean([0.096, 0.097, 0.098, 0.099, 0.1]), rel=1e-14)
    assert var(returns, 0.95) == 0.095


def test_the_var_scenario_counts_with_the_fraction_that_fills_the_tail() -> None:
    returns = np.array([-0.10, -0.06, 0.0, 0.01, 0.02])
    assert cvar(returns, 0.7) == pytest.approx((0.10 + 0.5 * 0.06) / 1.5, rel=1e-14)
    assert var(returns, 0.7) == 0.06


def test_six_equally_likely_losses_split_the_atom_at_the_var() -> None:
    """Sarykalin, Serraino & Uryasev 2008: f1 < ... < f6, beta 7/12 gives VaR f4 and CVaR (f4 + 2 f5 + 2 f6) / 5."""
    losses = np.array([100.0, 200.0, 400.0, 800.0, 900.0, 1000.0])
    assert var(-losses, 7 / 12) == 800.0
    assert cvar(-losses, 7 / 12) == pytest.approx((800 + 2 * 900 + 2 * 1000) / 5, rel=1e-14)


@given(returns_of_any_length, betas)
@settings(max_examples=150)
def test_cvar_is_the_minimum_of_the_rockafellar_uryasev_function(returns: np.ndarray, beta: float) -> None:
    assert cvar(returns, beta) == pytest.approx(minimisation_formula(returns, beta), rel=1e-9, abs=1e-9)


@given(returns_of_any_length, betas)
@settings(max_examples=100)
def test_cvar_lies_between_var_and_the_worst_loss(returns: np.ndarray, beta: float) -> None:
    assert var(returns, beta) - 1e-12 <= cvar(returns, beta) <= -returns.min() + 1e-12


@given(returns_of_any_length, betas, st.floats(0.1, 10.0), st.floats(-0.1, 0.1))
@settings(max_examples=100)
def test_cvar_scales_with_the_position_and_falls_by_what_is_certain(
    returns: np.ndarray, beta: float, factor: float, certain: float
) -> None:
    expected = factor * cvar(returns, beta) - certain
    assert cvar(factor * returns + certain, beta) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(arrays(np.float64, (30, 2), elements=st.floats(-0.5, 0.5, width=32)), betas)
@settings(max_examples=100)
def test_diversifying_never_adds_cvar(returns: np.ndarray, beta: float) -> None:
    assert cvar(returns.sum(axis=1), beta) <= cvar(returns[:, 0], beta) + cvar(returns[:, 1], beta) + 1e-12


@given(returns_of_any_length, betas)
@settings(max_examples=100)
def test_tail_weights_sum_to_one_and_reproduce_the_cvar(returns: np.ndarray, beta: float) -> None:
    weights = tail_weights(returns, beta)
    assert weights.min() >= 0.0
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert -(weights @ returns) == pytest.approx(cvar(returns, beta), abs=1e-14)


def test_days_that_tie_at_the_var_share_its_weight() -> None:
    weights = tail_weights(np.array([-0.02, -0.01, -0.01, 0.0]), 0.5)
    np.testing.assert_allclose(weights, [0.5, 0.25, 0.25, 0.0], atol=1e-15)


@given(arrays(np.float64, (40, 3), elements=st.floats(-0.25, 0.25, width=32)), betas)
@settings(max_examples=60)
def test_contributions_sum_to_the_portfolio_cvar(returns: np.ndarray, beta: float) -> None:
    weights = np.array([0.5, 1.2, 0.1])
    contributions = cvar_contributions(returns, weights, beta)
    assert math.fsum(contributions) == pytest.approx(cvar(returns @ weights, beta), rel=1e-12, abs=1e-14)


def test_a_contribution_is_the_weight_times_the_slope_of_cvar() -> None:
    returns = np.random.default_rng(1).normal(0.0, 0.01, (500, 3))
    weights, step = np.array([0.4, 0.3, 0.2]), 1e-7
    for column in range(3):
        bumped = weights.copy()
        bumped[column] += step
        slope = (cvar(returns @ bumped, 0.95) - cvar(returns @ weights, 0.95)) / step
        assert cvar_contributions(returns, weights, 0.95)[column] == pytest.approx(weights[column] * slope, rel=1e-5)


@pytest.mark.parametrize("beta", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_beta_outside_zero_and_one_is_refused(beta: float) -> None:
    with pytest.raises(InputError, match="beta is"):
        cvar(np.array([0.01]), beta)


@pytest.mark.parametrize("returns", [np.array([]), np.array([0.1, np.nan]), np.array([np.inf]), np.zeros((2, 2))])
def test_returns_that_are_no_series_of_numbers_are_refused(returns: np.ndarray) -> None:
    with pytest.raises(InputError, match="return"):
        cvar(returns, 0.95)


def test_weights_that_do_not_match_the_columns_are_refused() -> None:
    with pytest.raises(InputError, match="one weight per column"):
        cvar_contributions(np.zeros((5, 3)), np.zeros(2), 0.95)
