"""The best whole units at a given capital against all counts tried."""

import math
from decimal import Decimal

import numpy as np
import pytest

from fund_pipeline.cerebro.account_size import AccountStatus, Unit, account_curve, best_at, minimum_account
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.account_size.accounts import account, best_by_trying, is_right, optimum


@pytest.mark.parametrize("seed", range(24))
def test_no_counts_earn_more_at_the_capital(seed: int) -> None:
    problem, units = account(seed, strategies=2 + seed % 2)
    for capital in (Decimal(7_000), Decimal("43210.99")):
        found = best_at(problem, units, capital)
        best = best_by_trying(problem, units, float(capital))
        assert found.holding is not None
        assert found.relative_gap <= 1e-4
        assert best * (1.0 - 1e-4) - 1e-12 <= found.holding.expected_return_annual <= best + 1e-12
        assert found.upper_bound >= best - 1e-9


@pytest.mark.parametrize("seed", range(100, 110))
def test_every_limit_holds_exactly(seed: int) -> None:
    problem, units = account(seed, strategies=8)
    found = best_at(problem, units, Decimal(100_000))
    assert found.holding is not None
    assert is_right(problem, units, found.holding.capital, found.holding.units, -math.inf) == []
    assert found.holding.expected_return_annual <= optimum(problem, units).expected_return_annual + 1e-8
    assert found.keeps == (found.holding.return_kept >= 0.95)


def test_the_least_account_keeps_what_was_asked_and_a_hundredth_less_does_not() -> None:
    problem, units = account(5, strategies=4)
    least = minimum_account(problem, units, delta=0.03)
    assert best_at(problem, units, least.capital, delta=0.03).keeps
    assert not best_at(problem, units, least.capital * Decimal("0.99"), delta=0.03).keeps


def test_tiny_units_come_near_the_continuous_optimum() -> None:
    problem, units = account(6, strategies=5)
    tiny = {name: Unit(Decimal("0.5")) for name in units}
    found = best_at(problem, tiny, Decimal(1_000_000), gap=1e-5)
    assert found.holding is not None
    assert found.holding.return_kept == pytest.approx(1.0, abs=5e-5)
    assert found.keeps


def test_an_account_too_small_for_any_unit_stays_in_cash() -> None:
    problem, units = account(2)
    found = best_at(problem, units, Decimal(100))
    assert found.status is AccountStatus.CASH
    assert found.holding is not None
    assert (found.holding.leftover, found.holding.expected_return_annual, found.keeps) == (Decimal(100), 0.0, False)


def test_the_curve_answers_each_capital_for_itself_for_the_return_kept_is_not_monotone() -> None:
    problem, units = account(4, strategies=2)
    capitals = [Decimal(c) for c in range(5_000, 60_000, 2_500)]
    curve = account_curve(problem, units, capitals)
    assert [point.holding.capital for point in curve if point.holding] == capitals
    kept = np.array([point.holding.return_kept for point in curve if point.holding])
    assert (np.diff(kept) < 0.0).any()
    assert kept[-1] > kept[0]


@pytest.mark.parametrize("seed", range(3))
def test_a_least_weight_if_held_is_kept(seed: int) -> None:
    problem, units = account(seed, strategies=3, min_weight_if_held=0.2)
    found = best_at(problem, units, Decimal(30_000))
    best = best_by_trying(problem, units, 30_000.0)
    assert found.holding is not None
    assert found.holding.expected_return_annual == pytest.approx(best, rel=1e-4)
    assert not ((found.holding.weights > 0.0) & (found.holding.weights < 0.2)).any()


@pytest.mark.parametrize("seed", range(6))
def test_turnover_and_its_price_count(seed: int) -> None:
    problem, units = account(seed, strategies=3, max_turnover=0.7, transaction_cost=0.02)
    problem = type(problem)(
        problem.scenarios, problem.expected_returns, problem.margins, np.array([0.3, 0.0, 0.1]), problem.constraints
    )
    found = best_at(problem, units, Decimal(40_000))
    best = best_by_trying(problem, units, 40_000.0)
    assert found.holding is not None
    assert found.holding.expected_return_annual == pytest.approx(best, rel=1e-4)
    assert found.upper_bound >= best - 1e-9


def test_contradicting_limits_are_named_and_a_capital_of_nothing_is_refused() -> None:
    problem, units = account(3, max_leverage=0.5, min_weight=0.3, clusters=(), margin_cap=None, cvar_limit=1.0)
    found = best_at(problem, units, Decimal(10_000))
    assert (found.status, found.holding, found.keeps) == (AccountStatus.INFEASIBLE, None, False)
    assert found.conflicts == ("max_leverage = 0.5", "min_weight = 0.3")
    with pytest.raises(InputError, match="capital is 0"):
        best_at(problem, units, Decimal(0))
