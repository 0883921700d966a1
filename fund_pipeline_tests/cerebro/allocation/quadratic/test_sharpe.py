"""The greatest Sharpe ratio: cvxpy on random problems, its size, its prices, laws, and ratios that do not exist."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation.limits import DrawdownLimit, LinearLimit, limits_of
from fund_pipeline.cerebro.allocation.quadratic import Conflict, Quadratic, maximise_sharpe, risk_of_returns
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance
from fund_pipeline_tests.cerebro.allocation.quadratic.cases import fat_tailed, limits_for
from fund_pipeline_tests.cerebro.allocation.quadratic.reference import best_trade, most_beyond


@pytest.mark.parametrize("seed", range(200, 260))
def test_cvxpy_finds_no_weights_above_the_greatest_ratio(seed: int) -> None:
    limits = limits_of(random_instance(seed, most_days=220, most_strategies=9))
    covariance = risk_of_returns(limits.returns).matrix()
    try:
        found = maximise_sharpe(limits)
    except InputError:
        # An infinite ratio: there is return left beyond any multiple of the volatility.
        assert most_beyond(limits, covariance, 300.0) > 0.0
        return
    if isinstance(found, Conflict):
        best = best_trade(replace(limits, target_return=1e-6), covariance, 1.0)
        assert best is None
        return
    assert not limits.broken_by(found.weights, 1e-9)
    if found.objective is None:
        assert not found.weights.any()
        assert (most_beyond(limits, covariance, 0.0) or 0.0) <= 1e-7
        return
    assert found.relative_gap <= 1e-8
    reached = limits.net_return(found.weights) / np.sqrt(found.weights @ covariance @ found.weights)
    assert found.objective == pytest.approx(reached, rel=1e-7)
    assert most_beyond(limits, covariance, found.objective) == pytest.approx(0.0, abs=1e-7)


def test_the_composition_is_held_as_large_as_the_tightest_limit_allows() -> None:
    returns = fat_tailed(1, 250, 8)
    limits = limits_for(returns, cvar_limit=0.006)
    found = maximise_sharpe(limits)
    assert cvar(returns @ found.weights, 0.95) == pytest.approx(0.006, rel=1e-12)
    assert "cvar_limit" in found.notes[0]
    half = maximise_sharpe(replace(limits, cvar_limit=0.003))
    assert half.weights == pytest.approx(0.5 * found.weights, rel=1e-9)
    assert half.objective == pytest.approx(found.objective, rel=1e-12)


def test_with_a_budget_the_ratio_is_that_of_the_fully_invested_portfolio() -> None:
    returns = fat_tailed(2, 250, 8)
    free = maximise_sharpe(limits_for(returns, upper=np.full(8, 1.0)))
    invested = maximise_sharpe(limits_for(returns, upper=np.full(8, 1.0), budget=1.0))
    assert invested.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert invested.weights == pytest.approx(free.weights / free.weights.sum(), abs=1e-8)


def test_prices_are_the_derivatives_of_the_ratio() -> None:
    returns = fat_tailed(3, 250, 8)
    limits = limits_for(returns, upper=np.full(8, 0.22), budget=1.0, current=np.full(8, 0.125), turnover=0.5)
    limits = replace(limits, trade_price=0.002)
    loose = maximise_sharpe(limits)
    limits = replace(limits, cvar_limit=0.995 * cvar(returns @ loose.weights, 0.95))
    found = maximise_sharpe(limits)
    assert found.objective < loose.objective
    step = 1e-6
    for name, field, value in (("cvar_limit", "cvar_limit", limits.cvar_limit), ("budget", "budget", 1.0)):
        above, below = (maximise_sharpe(replace(limits, **{field: value + sign * step})).objective for sign in (1, -1))
        assert found.prices[name] == pytest.approx((above - below) / (2 * step), rel=1e-3), name


@pytest.mark.parametrize("seed", range(5))
def test_laws_of_the_ratio_hold(seed: int) -> None:
    returns = fat_tailed(seed, 120, 6)
    limits = limits_for(returns, budget=1.0)
    found = maximise_sharpe(limits)
    scaled = maximise_sharpe(limits_for(3.0 * returns, budget=1.0))
    assert scaled.objective == pytest.approx(found.objective, rel=1e-9)
    assert scaled.weights == pytest.approx(found.weights, abs=1e-7)
    order = np.random.default_rng(seed).permutation(6)
    turned = maximise_sharpe(limits_for(returns[:, order], budget=1.0))
    assert turned.weights == pytest.approx(found.weights[order], abs=1e-8)
    copied = maximise_sharpe(limits_for(np.column_stack((returns, returns[:, 0])), upper=np.full(7, 1.0)))
    alone = maximise_sharpe(limits_for(returns, upper=np.full(6, 1.0)))
    assert copied.objective == pytest.approx(alone.objective, rel=1e-9)
    for changes in ({"turnover": 1.1}, {"lower": np.full(6, 0.02)}, {"drawdown": DrawdownLimit(0.9, 0.2)}):
        fewer = maximise_sharpe(replace(limits, **changes))
        if isinstance(fewer, Quadratic):
            assert fewer.objective <= found.objective * (1.0 + 1e-9)


def test_negative_means_are_cash_where_cash_is_allowed() -> None:
    returns = fat_tailed(4, 120, 4)
    limits = limits_for(returns, expected=np.full(4, -0.1))
    found = maximise_sharpe(limits)
    assert isinstance(found, Quadratic)
    assert not found.weights.any()
    assert found.objective is None
    assert "cash" in found.notes[0]


def test_negative_means_with_a_budget_conflict_with_a_positive_return() -> None:
    limits = limits_for(fat_tailed(4, 120, 4), expected=np.full(4, -0.1), budget=1.0)
    found = maximise_sharpe(limits)
    assert isinstance(found, Conflict)
    assert found.limits == ("a positive expected return",)


def test_a_budget_that_forces_losers_in_conflicts_with_a_positive_return() -> None:
    limits = limits_for(fat_tailed(4, 120, 3), expected=np.array([0.1, -0.3, -0.3]), budget=0.9)
    found = maximise_sharpe(limits)
    assert isinstance(found, Conflict)
    assert set(found.limits) == {"a positive expected return", "budget = 0.9", "max_weight = 0.5"}


def test_a_riskless_return_has_no_greatest_ratio_and_is_named() -> None:
    returns = np.column_stack((fat_tailed(5, 120, 3), np.full(120, 1e-4)))
    with pytest.raises(InputError, match="no greatest value: cash_like have"):
        maximise_sharpe(limits_for(returns), strategies=("a", "b", "c", "cash_like"))


def test_a_hedge_with_return_and_no_variance_has_no_greatest_ratio() -> None:
    returns = fat_tailed(6, 120, 2)
    returns = np.column_stack((returns, 1e-3 - returns[:, 0]))
    with pytest.raises(InputError, match="no variance"):
        maximise_sharpe(limits_for(returns))


def test_a_riskless_strategy_that_may_only_be_a_part_leaves_a_greatest_ratio() -> None:
    returns = np.column_stack((fat_tailed(7, 120, 3), np.full(120, 1e-4)))
    found = maximise_sharpe(limits_for(returns, budget=1.0))
    assert found.weights[3] == pytest.approx(0.5)
    assert found.relative_gap <= 1e-8


def test_a_cluster_that_may_hold_nothing_is_left_out() -> None:
    returns = fat_tailed(8, 120, 4)
    best = int(np.argmax(maximise_sharpe(limits_for(returns)).weights))
    member = np.zeros(4)
    member[best] = 1.0
    rows = (LinearLimit("max_leverage", np.ones(4), 2.0), LinearLimit("cluster:none", member, 0.0))
    assert maximise_sharpe(limits_for(returns, rows=rows)).weights[best] == 0.0


def test_least_weights_if_held_are_refused() -> None:
    with pytest.raises(InputError, match="only for max-return and min-cvar"):
        maximise_sharpe(limits_for(fat_tailed(9, 60, 3), least_held=0.1))
