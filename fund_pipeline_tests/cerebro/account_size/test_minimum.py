"""The least account against all counts tried, and the laws it obeys."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from fund_pipeline.cerebro.account_size import AccountStatus, Unit, minimum_account
from fund_pipeline.cerebro.allocation import Constraints, Problem, WeightBounds
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.account_size.accounts import account, is_right, least_by_trying, optimum

CENTS = 0.02


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize("delta", [0.02, 0.1])
def test_no_count_of_units_fits_a_smaller_account(seed: int, delta: float) -> None:
    problem, units = account(seed, strategies=2 + seed % 2)
    found = minimum_account(problem, units, delta=delta)
    assert found.status is AccountStatus.FOUND
    least = least_by_trying(problem, units, delta, float(found.capital))
    assert found.relative_gap <= 1e-4
    assert found.lower_bound <= least * (1.0 + 1e-9)
    assert least <= float(found.capital) <= least * (1.0 + 1e-4) + CENTS


@pytest.mark.parametrize("seed", range(100, 120))
def test_every_limit_holds_exactly_and_all_figures_follow_from_the_units(seed: int) -> None:
    problem, units = account(seed, strategies=6)
    found = minimum_account(problem, units, delta=0.05)
    held = found.holding
    assert held is not None
    best = optimum(problem, units).expected_return_annual
    assert is_right(problem, units, held.capital, held.units, 0.95 * best) == []
    assert held.capital == round(held.capital, 2)
    allocated = sum(count * units[name].notional for name, count in zip(found.strategies, held.units, strict=True))
    assert held.leftover == pytest.approx(held.capital - allocated, abs=Decimal("1e-9"))
    assert held.return_kept == pytest.approx(held.expected_return_annual / best)
    assert held.leverage == pytest.approx(float(allocated / held.capital))


@pytest.mark.parametrize("seed", range(200, 206))
def test_units_twice_as_large_need_an_account_twice_as_large(seed: int) -> None:
    problem, units = account(seed, strategies=4)
    double = {
        name: Unit(2 * unit.notional, None if unit.margin is None else 2 * unit.margin, unit.lot_step)
        for name, unit in units.items()
    }
    once, twice = minimum_account(problem, units, gap=1e-6), minimum_account(problem, double, gap=1e-6)
    assert float(twice.capital) == pytest.approx(2.0 * float(once.capital), rel=2e-6, abs=CENTS)


@pytest.mark.parametrize("seed", range(300, 306))
def test_giving_up_more_return_never_needs_more_capital(seed: int) -> None:
    problem, units = account(seed, strategies=5)
    needed = [float(minimum_account(problem, units, delta=d, gap=1e-6).capital) for d in (0.01, 0.03, 0.1, 0.3)]
    assert all(more >= less * (1.0 - 2e-6) for more, less in pairwise(needed))


def test_a_half_lot_never_needs_more_capital_than_a_whole_one() -> None:
    problem, units = account(7, strategies=4)
    whole = {name: replace(unit, lot_step=Decimal(1)) for name, unit in units.items()}
    half = {name: replace(unit, lot_step=Decimal("0.5")) for name, unit in units.items()}
    assert minimum_account(problem, half).capital <= minimum_account(problem, whole).capital


@pytest.mark.parametrize("seed", range(400, 404))
def test_minimum_weights_if_held_and_drawdown_limits_are_kept_too(seed: int) -> None:
    problem, units = account(seed, strategies=4, min_weight_if_held=0.15, max_cdar=0.15)
    found = minimum_account(problem, units, delta=0.1)
    assert found.holding is not None
    weights = found.holding.weights
    assert not ((weights > 0.0) & (weights < 0.15)).any()
    assert is_right(problem, units, found.holding.capital, found.holding.units, found.continuous_return * 0.9) == []
    free = minimum_account(replace(problem, constraints=replace(problem.constraints, max_cdar=None)), units, delta=0.1)
    assert free.status is AccountStatus.FOUND


@pytest.mark.parametrize("seed", range(500, 506))
def test_turnover_and_its_price_count_and_no_smaller_capital_would_do(seed: int) -> None:
    problem, units = account(seed, strategies=2, max_turnover=0.6, transaction_cost=0.01)
    problem = replace(problem, current_weights=np.array([0.3, 0.1]))
    found = minimum_account(problem, units, delta=0.1)
    assert found.holding is not None
    floor = found.continuous_return * 0.9
    assert is_right(problem, units, found.holding.capital, found.holding.units, floor) == []
    for capital in np.linspace(500.0, float(found.capital) * (1.0 - 2e-4), 60):
        for one in range(int(capital / 500)):
            for two in range(int(capital / 500)):
                counts = (one * units["S0"].lot_step, two * units["S1"].lot_step)
                amount = sum(count * unit.notional for count, unit in zip(counts, units.values(), strict=True))
                if float(amount) <= 2.0 * capital:
                    assert is_right(problem, units, Decimal(capital), counts, floor)


def test_only_candidates_are_held_and_the_best_strategies_are_among_them() -> None:
    problem, units = account(11, strategies=12)
    few = minimum_account(problem, units, delta=0.05, candidates=1)
    best = optimum(problem, units)
    held = {name for name, weight in zip(best.strategies, best.weights, strict=True) if weight > 0.0}
    assert set(few.candidates) == held
    all_of_them = minimum_account(problem, units, delta=0.05)
    assert len(all_of_them.candidates) == 12
    assert all_of_them.capital <= few.capital


def test_a_strategy_without_a_unit_is_refused_naming_it_and_the_fix() -> None:
    problem, units = account(1)
    del units["S1"]
    with pytest.raises(InputError, match=r"S1 has no unit_notional.*fund strategies set S1 unit_notional"):
        minimum_account(problem, units)


@pytest.mark.parametrize(
    ("asked", "message"), [({"delta": 1.0}, "delta is 1.0"), ({"gap": 0.0}, "gap is 0.0"), ({"candidates": 0}, "candi")]
)
def test_what_is_out_of_range_is_refused(asked: dict[str, float], message: str) -> None:
    problem, units = account(1)
    with pytest.raises(InputError, match=message):
        minimum_account(problem, units, **asked)


def test_a_budget_is_refused_because_whole_units_meet_it_by_chance() -> None:
    problem, units = account(1, budget=0.8)
    with pytest.raises(InputError, match=r"budget is 0\.8"):
        minimum_account(problem, units)


@pytest.mark.parametrize("field", ["notional", "lot_step"])
def test_a_unit_of_nothing_is_refused(field: str) -> None:
    with pytest.raises(InputError, match="expected a number above 0"):
        Unit(**{"notional": Decimal(1)} | {field: Decimal(0)})


def test_where_nothing_is_worth_holding_no_capital_is_needed() -> None:
    problem, units = account(3)
    found = minimum_account(replace(problem, expected_returns=-problem.expected_returns), units)
    assert (found.status, found.capital, found.holding) == (AccountStatus.CASH, 0, None)


def test_limits_that_contradict_each_other_are_named() -> None:
    problem, units = account(3, max_leverage=0.5, min_weight=0.3, clusters=(), margin_cap=None, cvar_limit=1.0)
    found = minimum_account(problem, units)
    assert found.status is AccountStatus.INFEASIBLE
    assert found.capital is None
    assert found.conflicts == ("max_leverage = 0.5", "min_weight = 0.3")


def test_limits_that_no_whole_units_meet_are_told_with_the_bound() -> None:
    # Fixed weights in an irrational ratio are those of no counts at all.
    bounds = (WeightBounds("S0", 1 / 3, 1 / 3), WeightBounds("S1", 2**0.5 / 7, 2**0.5 / 7))
    problem, units = account(3, strategies=2, bounds=bounds, clusters=(), margin_cap=None, cvar_limit=1.0)
    found = minimum_account(problem, units, most_parts=200)
    assert (found.status, found.holding, found.capital) == (AccountStatus.NONE_FOUND, None, None)
    assert found.lower_bound > 0.0


def test_two_strategies_worked_by_hand() -> None:
    # No limit of risk. Σw ≤ 1, each at most a half: half and half is best, 0.10, which 3 units of 1,000 and 1 of 3,000
    # are at 6,000. Giving up a fifth still needs both, for one alone earns 0.05, and a unit of B is half of 6,000.
    values = np.tile([[0.001, 0.001], [-0.001, 0.001]], (50, 1))
    problem = Problem(
        ReturnsMatrix(np.datetime64("2000-01-01") + np.arange(100), ("A", "B"), values),
        np.array([0.1, 0.1]),
        np.zeros(2),
        np.zeros(2),
        Constraints(cvar_limit=None, max_leverage=1.0, max_weight=0.5, margin_cap=None),
    )
    units = {"A": Unit(Decimal(1000)), "B": Unit(Decimal(3000))}
    exact = minimum_account(problem, units, delta=0.0)
    assert (exact.capital, exact.holding.units, exact.holding.leftover) == (Decimal(6000), (3, 1), 0)
    assert set(exact.holding.binding) == {"max_leverage", "max_weight", "return_kept"}
    loose = minimum_account(problem, units, delta=0.2)
    assert loose.capital == Decimal(6000)
    assert limits_of(problem).broken_by(loose.holding.weights) == ()
