"""Time-weighted return: what it must not feel, and where it is not defined."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import (
    Basis,
    DayValue,
    NotDefined,
    annualised,
    daily_returns,
    link,
    time_weighted,
)
from fund_pipeline.errors import InputError
from fund_pipeline_tests.accounts.performance.series import LAW, daily, day, flows, grown, paths, series, valued

TINY = Decimal("1e-40")


@given(paths)
@LAW
def test_flows_change_no_time_weighted_return(path: list[tuple[Decimal, Decimal]]) -> None:
    earned = [one for one, _ in path]
    with_flows = time_weighted(grown(earned, [flow for _, flow in path]))
    without = time_weighted(grown(earned, [Decimal(0)] * len(path)))
    assert abs(with_flows - without) < TINY
    assert abs(with_flows - link(earned)) < TINY


@given(paths, st.sampled_from(Basis))
@LAW
def test_the_return_of_a_series_is_that_of_its_daily_returns_linked(
    path: list[tuple[Decimal, Decimal]], basis: Basis
) -> None:
    whole = grown([one for one, _ in path], [flow for _, flow in path])
    assert abs(time_weighted(whole, basis) - link(one.value for one in daily_returns(whole, basis))) < TINY


@given(st.lists(st.lists(daily, min_size=1, max_size=5), min_size=1, max_size=5))
@LAW
def test_linking_is_associative(parts: list[list[Decimal]]) -> None:
    assert abs(link(link(part) for part in parts) - link(one for part in parts for one in part)) < TINY


@given(daily, st.integers(1, 30))
@LAW
def test_a_constant_return_compounds(rate: Decimal, days: int) -> None:
    compounded = (1 + rate) ** days
    measured = time_weighted(grown([rate] * days, [Decimal(0)] * days))
    assert abs(1 + measured - compounded) < compounded * Decimal("1e-24")


@given(st.decimals("-0.99", "10", places=4), st.integers(367, 4000))
@LAW
def test_annualising_and_compounding_again_gives_the_return(total: Decimal, days: int) -> None:
    a_year = annualised(total, days)
    assert float(1 + a_year) ** (days / 365) == pytest.approx(float(1 + total), rel=1e-9)


@given(paths, st.data())
@LAW
def test_a_day_that_is_not_valued_leaves_its_gain_to_the_next(
    path: list[tuple[Decimal, Decimal]], data: st.DataObject
) -> None:
    full = grown([one for one, _ in path], [Decimal(0)] * len(path))
    gap = data.draw(st.integers(0, len(path) - 2))
    days = [DayValue(one.day, None if at == gap else one.value, one.inflow) for at, one in enumerate(full.days)]
    assert abs(time_weighted(series(*days)) - time_weighted(full)) < TINY


@given(st.lists(daily, min_size=2, max_size=6), flows)
@LAW
def test_what_flows_on_a_day_that_is_not_valued_is_no_profit(earned: list[Decimal], flow: Decimal) -> None:
    before = [valued(0, "100000", inflow="100000")]
    moved = DayValue(day(1), None, max(flow, Decimal(0)), max(-flow, Decimal(0)))
    value = 100000 + flow
    after = []
    for number, one in enumerate(earned, 2):
        value *= 1 + one
        after.append(DayValue(day(number), value))
    assert abs(time_weighted(series(*before, moved, *after)) - link(earned)) < Decimal("1e-20")


def test_the_first_day_earns_on_what_came_in() -> None:
    assert time_weighted(series(valued(0, "110", inflow="100"))) == Decimal("0.1")


def test_money_that_leaves_was_at_work_until_the_end_of_its_day() -> None:
    held = series(valued(0, "50", outflow="60"), opening="100")
    assert time_weighted(held) == Decimal("0.1")


def test_gross_adds_the_fees_of_the_day_and_net_does_not() -> None:
    held = series(valued(0, "103", fee="2"), opening="100")
    assert (time_weighted(held, Basis.GROSS), time_weighted(held)) == (Decimal("0.05"), Decimal("0.03"))


def test_a_total_loss_is_minus_one_and_no_later_money_mends_it() -> None:
    held = series(valued(0, "0"), valued(1, "55", inflow="50"), opening="100")
    assert time_weighted(held) == -1
    assert annualised(Decimal(-1), 800) == -1


def test_days_on_which_nothing_was_held_have_no_return_and_break_nothing() -> None:
    held = series(
        valued(0, "0", outflow="110"), valued(1, "0"), valued(2, "0"), valued(3, "105", inflow="100"), opening="100"
    )
    assert [one.day for one in daily_returns(held)] == [day(0), day(3)]
    assert time_weighted(held) == Decimal("0.155")


def test_a_gain_on_nothing_has_no_return() -> None:
    held = series(valued(0, "10"), valued(1, "11"), opening="0")
    assert [one.value for one in daily_returns(held)] == [NotDefined.NO_CAPITAL, Decimal("0.1")]
    assert time_weighted(held) is NotDefined.NO_CAPITAL


def test_a_debt_has_no_return_before_or_after_it() -> None:
    held = series(valued(0, "-10"), valued(1, "50"), opening="100")
    assert [one.value for one in daily_returns(held)] == [NotDefined.BELOW_ZERO, NotDefined.NO_CAPITAL]
    assert time_weighted(held) is NotDefined.BELOW_ZERO


def test_no_days_have_no_return() -> None:
    assert time_weighted(series()) is NotDefined.NO_DAYS


def test_days_out_of_order_and_flows_below_zero_are_refused() -> None:
    with pytest.raises(InputError, match="2024-01-01 follows 2024-01-02"):
        series(valued(1, "1"), valued(0, "1"))
    with pytest.raises(InputError, match="inflow of 2024-01-01 is -5"):
        series(valued(0, "1", inflow="-5"))
