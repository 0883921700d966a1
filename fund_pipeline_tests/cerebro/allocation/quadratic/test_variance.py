"""Least variance and mean-variance: published weights, cvxpy on random problems, prices, laws and bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation.limits import DrawdownLimit, LinearLimit, limits_of
from fund_pipeline.cerebro.allocation.quadratic import (
    Conflict,
    Quadratic,
    mean_variance,
    minimise_variance,
    risk_of_covariance,
    risk_of_returns,
)
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.drawdown import cdar
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance
from fund_pipeline_tests.cerebro.allocation.quadratic.cases import fat_tailed, limits_for
from fund_pipeline_tests.cerebro.allocation.quadratic.reference import best_trade, least_variance


def test_the_least_variance_is_that_of_rockafellar_and_uryasev_2000() -> None:
    # "Optimization of conditional value-at-risk", Journal of Risk 2, tables 1 to 3.
    mean = np.array([0.0101110, 0.0043532, 0.0137058])
    covariance = np.array(
        [
            [0.00324625, 0.00022983, 0.00420395],
            [0.00022983, 0.00049937, 0.00019247],
            [0.00420395, 0.00019247, 0.00764097],
        ]
    )
    limits = limits_for(np.zeros((30, 3)), expected=mean, upper=np.full(3, np.inf), rows=(), budget=1.0)
    found = minimise_variance(limits, 0.011, risk=risk_of_covariance(covariance))
    assert isinstance(found, Quadratic)
    assert found.weights == pytest.approx([0.452013, 0.115573, 0.432414], abs=5e-6)
    assert found.relative_gap <= 1e-12
    assert found.kkt_residual <= 1e-12


@pytest.mark.parametrize("seed", range(40))
def test_cvxpy_finds_no_better_mean_variance(seed: int) -> None:
    limits = limits_of(random_instance(seed, most_days=220, most_strategies=9))
    found = mean_variance(limits, 4.0)
    other = best_trade(limits, risk_of_returns(limits.returns).matrix(), 4.0)
    if isinstance(found, Conflict):
        assert other is None
        return
    assert not limits.broken_by(found.weights, 1e-9)
    assert found.relative_gap <= 1e-8
    assert found.objective == pytest.approx(other, rel=1e-6, abs=1e-8)
    assert found.objective <= found.bound + 1e-12


@pytest.mark.parametrize("seed", range(100, 130))
def test_cvxpy_finds_no_less_variance(seed: int) -> None:
    limits = limits_of(random_instance(seed, most_days=220, most_strategies=9))
    if limits.budget is None:
        limits = replace(limits, target_return=0.1 * max(float(limits.expected.max()), 0.0))
    found = minimise_variance(limits)
    other = least_variance(limits, risk_of_returns(limits.returns).matrix())
    if isinstance(found, Conflict):
        assert other is None
        return
    assert not limits.broken_by(found.weights, 1e-9)
    assert found.relative_gap <= 1e-8
    assert found.objective == pytest.approx(other, rel=1e-6, abs=1e-9)


def test_a_cvar_limit_gives_the_optimum_of_the_whole_linear_form() -> None:
    returns = fat_tailed(1, 250, 12)
    free = limits_for(returns, budget=1.0, upper=np.full(12, 0.4))
    loose = minimise_variance(free, 0.15)
    limits = replace(free, cvar_limit=0.97 * cvar(returns @ loose.weights, 0.95))
    found = minimise_variance(limits, 0.15)
    other = least_variance(replace(limits, target_return=0.15), risk_of_returns(returns).matrix())
    assert found.objective > loose.objective * (1.0 + 1e-6)
    assert found.objective == pytest.approx(other, rel=1e-7)
    assert cvar(returns @ found.weights, 0.95) <= limits.cvar_limit + 1e-9


def test_a_drawdown_limit_gives_the_optimum_of_the_whole_linear_form() -> None:
    returns = fat_tailed(2, 250, 12)
    free = limits_for(returns)
    loose = mean_variance(free, 3.0)
    limits = replace(free, drawdown=DrawdownLimit(0.9, 0.7 * cdar(returns @ loose.weights, 0.9)))
    found = mean_variance(limits, 3.0)
    other = best_trade(limits, risk_of_returns(returns).matrix(), 3.0)
    assert found.objective < loose.objective - 1e-6
    assert found.objective == pytest.approx(other, rel=1e-7)
    assert "max_cdar" in found.prices
    assert cdar(returns @ found.weights, 0.9) <= limits.drawdown.bound + 1e-9


def test_a_cvar_limit_on_many_strategies_of_which_few_are_held_gives_the_same_optimum() -> None:
    returns = fat_tailed(10, 200, 60)
    current = np.zeros(60)
    current[:3] = 0.02
    free = limits_for(returns, current=current, trade_price=0.001)
    loose = mean_variance(free, 4.0)
    limits = replace(free, cvar_limit=0.6 * cvar(returns @ loose.weights, 0.95))
    found = mean_variance(limits, 4.0)
    assert (found.weights > 1e-7).sum() < 30
    assert found.objective == pytest.approx(best_trade(limits, risk_of_returns(returns).matrix(), 4.0), rel=1e-7)
    assert found.relative_gap <= 1e-8
    assert not limits.broken_by(found.weights, 1e-9)


def test_shadow_prices_are_the_derivatives_of_the_optimum() -> None:
    returns = fat_tailed(3, 250, 10)
    current = np.full(10, 0.05)
    limits = limits_for(returns, upper=np.full(10, 0.3), current=current, turnover=0.9, trade_price=0.003)
    limits = replace(limits, rows=(LinearLimit("max_leverage", np.ones(10), 1.1),))
    loose = mean_variance(limits, 2.0)
    limits = replace(limits, cvar_limit=0.8 * cvar(returns @ loose.weights, 0.95))
    found = mean_variance(limits, 2.0)
    assert {"cvar_limit"} <= set(found.prices)
    step = 1e-6

    def optimum(**changes: object) -> float:
        return mean_variance(replace(limits, **changes), 2.0).objective

    rise = (optimum(cvar_limit=limits.cvar_limit + step) - optimum(cvar_limit=limits.cvar_limit - step)) / (2 * step)
    assert found.prices["cvar_limit"] == pytest.approx(rise, rel=1e-3)
    rise = (optimum(turnover=0.9 + step) - optimum(turnover=0.9 - step)) / (2 * step)
    assert found.prices.get("max_turnover", 0.0) == pytest.approx(rise, rel=1e-3, abs=1e-6)


def test_prices_of_budget_target_caps_and_floors_are_derivatives_too() -> None:
    returns = fat_tailed(4, 250, 8)
    lower = np.zeros(8)
    lower[7] = 0.1
    limits = limits_for(returns, upper=np.full(8, 0.25), lower=lower, budget=1.0)
    target = 1.15 * limits.net_return(minimise_variance(limits).weights)
    found = minimise_variance(limits, target)
    step = 1e-6
    rise = (minimise_variance(limits, target + step).objective - minimise_variance(limits, target - step).objective) / (
        2 * step
    )
    assert found.prices["target_return"] == pytest.approx(rise, rel=1e-4)

    def budgeted(budget: float) -> float:
        return minimise_variance(replace(limits, budget=budget), target).objective

    assert found.prices["budget"] == pytest.approx((budgeted(1 + step) - budgeted(1 - step)) / (2 * step), rel=1e-4)
    bounds = [name for name in found.prices if ":" in name]
    assert bounds
    for name in bounds:
        side, place = name.split(":")
        field = "upper" if side == "max_weight" else "lower"
        moved = getattr(limits, field).copy()
        moved[int(place)] += step
        other = minimise_variance(replace(limits, **{field: moved}), target)
        assert found.prices[name] == pytest.approx((other.objective - found.objective) / step, rel=1e-3), name


def test_more_strategies_than_days_are_solved_from_the_days() -> None:
    returns = fat_tailed(5, 40, 100)
    risk = risk_of_returns(returns)
    assert risk.covariance is None
    found = minimise_variance(limits_for(returns, upper=np.full(100, 0.02)), 0.2)
    dense = minimise_variance(
        limits_for(returns, upper=np.full(100, 0.02)), 0.2, risk=risk_of_covariance(risk.matrix())
    )
    assert found.objective == pytest.approx(dense.objective, rel=1e-7)
    assert found.relative_gap <= 1e-8


def test_cash_has_the_least_variance_where_nothing_is_asked() -> None:
    found = minimise_variance(limits_for(fat_tailed(6, 100, 4)))
    assert not found.weights.any()
    assert found.objective == 0.0
    assert "cash" in found.notes[0]


@pytest.mark.parametrize("seed", range(5))
def test_scaling_returns_scales_the_variance(seed: int) -> None:
    returns = fat_tailed(seed, 120, 6)
    once, twice = (minimise_variance(limits_for(r, budget=1.0)) for r in (returns, 2.0 * returns))
    assert twice.weights == pytest.approx(once.weights, abs=1e-7)
    assert twice.objective == pytest.approx(4.0 * once.objective, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_another_limit_never_improves_the_optimum(seed: int) -> None:
    returns = fat_tailed(seed, 120, 6)
    limits = limits_for(returns)
    free = mean_variance(limits, 3.0)
    for changes in (
        {"cvar_limit": 0.01},
        {"turnover": 0.4},
        {"upper": np.full(6, 0.2)},
        {"budget": 0.8},
        {"drawdown": DrawdownLimit(0.95, 0.05)},
        {"rows": (*limits.rows, LinearLimit("cluster:a", np.array([1.0, 1, 0, 0, 0, 0]), 0.1))},
    ):
        assert mean_variance(replace(limits, **changes), 3.0).objective <= free.objective + 1e-10


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_under_a_shared_cap_and_the_order_change_no_optimum(seed: int) -> None:
    returns = fat_tailed(seed, 120, 5)
    limits = limits_for(returns, upper=np.full(5, 2.0))
    alone = mean_variance(limits, 4.0)
    doubled = np.column_stack((returns, returns[:, 0]))
    assert mean_variance(limits_for(doubled, upper=np.full(6, 2.0)), 4.0).objective == pytest.approx(
        alone.objective, rel=1e-9
    )
    order = np.random.default_rng(seed).permutation(5)
    turned = mean_variance(limits_for(returns[:, order], upper=np.full(5, 2.0)), 4.0)
    assert turned.weights == pytest.approx(alone.weights[order], abs=1e-8)


def test_limits_that_contradict_each_other_are_named() -> None:
    limits = limits_for(fat_tailed(7, 100, 3), upper=np.full(3, 0.2), budget=1.0)
    found = minimise_variance(limits)
    assert isinstance(found, Conflict)
    assert set(found.limits) == {"budget = 1", "max_weight = 0.2"}


def test_a_single_strategy_and_one_that_never_moves_are_answered() -> None:
    single = minimise_variance(limits_for(fat_tailed(8, 60, 1), budget=0.3))
    assert single.weights == pytest.approx([0.3])
    still = np.column_stack((fat_tailed(8, 60, 2), np.zeros(60)))
    assert minimise_variance(limits_for(still, budget=0.5)).weights == pytest.approx([0, 0, 0.5], abs=1e-9)


def test_options_out_of_range_are_refused() -> None:
    limits = limits_for(fat_tailed(9, 60, 3))
    with pytest.raises(InputError, match="risk_aversion is 0"):
        mean_variance(limits, 0.0)
    with pytest.raises(InputError, match="target_return is nan"):
        minimise_variance(limits, float("nan"))
    with pytest.raises(InputError, match="only for max-return and min-cvar"):
        minimise_variance(replace(limits, least_held=0.05))
    with pytest.raises(InputError, match="not positive semidefinite"):
        risk_of_covariance(np.array([[1.0, 2.0], [2.0, 1.0]]))
