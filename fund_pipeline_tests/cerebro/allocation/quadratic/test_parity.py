"""Risk parity and HRP: equal contributions, size, who takes part, and what they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.allocation.limits import DrawdownLimit, LinearLimit
from fund_pipeline.cerebro.allocation.quadratic import Conflict, hrp, risk_of_covariance, risk_of_returns, risk_parity
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.quadratic.cases import fat_tailed, limits_for

BOTH = pytest.mark.parametrize("method", [risk_parity, hrp])


def test_two_strategies_are_weighted_by_inverse_volatility_whatever_their_correlation() -> None:
    # Maillard, Roncalli & Teïletche (2010), section 2.2: with two assets the correlation plays no part.
    for correlation in (-0.9, 0.0, 0.6, 1.0):
        covariance = np.array([[0.04, 0.02 * correlation], [0.02 * correlation, 0.01]])
        limits = limits_for(np.zeros((30, 2)), upper=np.full(2, 1.0), budget=1.0)
        found = risk_parity(limits, risk=risk_of_covariance(covariance))
        assert found.weights == pytest.approx([1.0 / 3.0, 2.0 / 3.0], abs=1e-12)


def test_the_four_assets_of_maillard_roncalli_and_teiletche_share_the_risk() -> None:
    # Same paper, section 4: volatilities 10, 20, 30, 40 %; the ERC weights are 38.4, 19.2, 24.3 and 18.2 %.
    correlation = np.array([[1, 0.8, 0, 0], [0.8, 1, 0, 0], [0, 0, 1, -0.5], [0, 0, -0.5, 1]])
    sigma = np.array([0.1, 0.2, 0.3, 0.4])
    risk = risk_of_covariance(correlation * np.outer(sigma, sigma))
    found = risk_parity(limits_for(np.zeros((30, 4)), upper=np.full(4, 1.0), budget=1.0), risk=risk)
    assert found.weights == pytest.approx([0.384, 0.192, 0.243, 0.182], abs=6e-4)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([20, 60, 200]))
def test_contributions_to_volatility_are_equal(seed: int, strategies: int, days: int) -> None:
    returns = fat_tailed(seed, days, strategies)
    if strategies > 2 and seed % 2:
        returns[:, 1] = returns[:, 0]
    limits = limits_for(returns, cvar_limit=0.01)
    found = risk_parity(limits)
    contributions = found.weights * risk_of_returns(returns).slope(found.weights)
    assert contributions == pytest.approx(np.full(strategies, contributions.mean()), rel=1e-11)
    assert found.kkt_residual <= 1e-12
    assert not limits.broken_by(found.weights, 1e-9)


def test_copies_get_the_same_and_the_order_does_not_matter() -> None:
    returns = fat_tailed(1, 100, 5)
    returns[:, 3] = returns[:, 0]
    found = risk_parity(limits_for(returns))
    assert found.weights[3] == pytest.approx(found.weights[0], rel=1e-10)
    turned = risk_parity(limits_for(returns[:, ::-1]))
    assert turned.weights == pytest.approx(found.weights[::-1], rel=1e-10)


def test_many_more_strategies_than_days_still_share_the_risk() -> None:
    found = risk_parity(limits_for(fat_tailed(2, 30, 90)))
    assert found.kkt_residual <= 1e-11
    assert (found.weights > 0.0).all()


@BOTH
def test_the_size_is_the_greatest_that_every_limit_allows(method) -> None:
    returns = fat_tailed(3, 200, 5)
    tight = method(limits_for(returns, cvar_limit=0.004))
    assert cvar(returns @ tight.weights, 0.95) == pytest.approx(0.004, rel=1e-12)
    assert "cvar_limit" in tight.notes[-1]
    rows = (LinearLimit("margin_cap", np.full(5, 0.5), 0.1),)
    small = method(limits_for(returns, rows=rows, cvar_limit=0.004))
    assert small.weights.sum() == pytest.approx(0.2)
    assert small.weights / small.weights.sum() == pytest.approx(tight.weights / tight.weights.sum(), rel=1e-9)
    deep = method(limits_for(returns, drawdown=DrawdownLimit(0.95, 0.01)))
    assert "max_cdar" in deep.notes[-1]


@BOTH
def test_a_budget_is_held_whole_or_the_limits_it_breaks_are_named(method) -> None:
    returns = fat_tailed(4, 200, 5)
    assert method(limits_for(returns, budget=0.8)).weights.sum() == pytest.approx(0.8, abs=1e-12)
    found = method(limits_for(returns, budget=1.0, cvar_limit=0.001, upper=np.full(5, 0.1)))
    assert isinstance(found, Conflict)
    assert found.limits == ("budget = 1", "cvar_limit = 0.001", "max_weight = 0.1")


@BOTH
def test_strategies_that_do_not_move_or_may_not_be_held_get_nothing_and_the_notes_say_so(method) -> None:
    returns = np.column_stack((fat_tailed(5, 100, 4), np.full(100, 1e-4)))
    upper = np.full(5, 0.5)
    upper[0] = 0.0
    found = method(limits_for(returns, upper=upper))
    assert found.weights[[0, 4]] == pytest.approx([0.0, 0.0], abs=0.0)
    assert (found.weights[1:4] > 0.0).all()
    assert "1 without variance" in found.notes[0]
    assert "1 that may not be held" in found.notes[1]


@BOTH
def test_one_strategy_and_none_that_moves_are_answered(method) -> None:
    assert method(limits_for(fat_tailed(6, 60, 1))).weights == pytest.approx([0.5])
    still = method(limits_for(np.zeros((60, 3))))
    assert not still.weights.any()
    assert "cash" in still.notes[-1]
    assert isinstance(method(limits_for(np.zeros((60, 3)), budget=1.0)), Conflict)


@BOTH
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"turnover": 0.5}, "max_turnover"),
        ({"trade_price": 0.01}, "transaction_cost"),
        ({"target_return": 0.1}, "target_return"),
        ({"least_held": 0.05}, "min_weight_if_held"),
        ({"lower": np.full(4, 0.01)}, "min_weight"),
        ({"lower": np.array([0.1, 0, 0, 0]), "own_bounds": ((0, "alpha"),)}, "least or fixed weight of alpha"),
    ],
)
def test_limits_that_would_change_the_composition_are_refused_by_name(method, changes, named) -> None:
    with pytest.raises(InputError, match=f"takes no {named}"):
        method(replace(limits_for(fat_tailed(7, 60, 4)), **changes))


def test_strategies_that_cancel_each_other_have_no_equal_contributions() -> None:
    returns = fat_tailed(8, 100, 2)
    with pytest.raises(InputError, match="cancel each other"):
        risk_parity(limits_for(np.column_stack((returns, -returns[:, 0]))))


def test_hrp_takes_copies() -> None:
    returns = fat_tailed(9, 100, 4)
    returns[:, 2] = returns[:, 1]
    found = hrp(limits_for(returns))
    assert np.isfinite(found.weights).all()
    assert (found.weights > 0.0).all()
    assert found.bound is None
