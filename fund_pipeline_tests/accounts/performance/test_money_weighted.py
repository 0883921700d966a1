"""Money-weighted return, and the cases in which there is none."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import (
    Basis,
    DatedFlow,
    NotDefined,
    money_weighted,
    period_rate,
    time_weighted,
    xirr,
)
from fund_pipeline.accounts.performance.money_weighted import investor_flows
from fund_pipeline_tests.accounts.performance.series import LAW, START, daily, day, grown, paths, series, valued


def paid(*flows: tuple[int, str]) -> list[DatedFlow]:
    return [DatedFlow(day(number), Decimal(amount)) for number, amount in flows]


@given(st.lists(daily, min_size=1, max_size=150))
@LAW
def test_without_flows_both_returns_are_the_same(earned: list[Decimal]) -> None:
    held = grown(earned, [Decimal(0)] * len(earned))
    total = float(time_weighted(held))
    if 1e-6 < 1 + total < 1e6:
        assert float(money_weighted(held)) == pytest.approx(total, rel=1e-6, abs=1e-9)


@given(paths)
@LAW
def test_at_the_rate_the_flows_are_even(path: list[tuple[Decimal, Decimal]]) -> None:
    held = grown([one for one, _ in path], [flow for _, flow in path])
    rate = money_weighted(held)
    if isinstance(rate, NotDefined):
        assert rate is NotDefined.SEVERAL_RATES
        return
    flows = investor_flows(held)
    first, length = START - timedelta(days=1), len(path)
    grew = [float(one.amount) * float(1 + rate) ** (1 - (one.day - first).days / length) for one in flows]
    assert abs(sum(grew)) <= 1e-6 * sum(abs(one) for one in grew)


def test_timing_makes_them_differ() -> None:
    held = series(valued(0, "120", inflow="100"), valued(1, "960", inflow="1080"), valued(2, "960"), opening="0")
    assert time_weighted(held) == Decimal("-0.04")  # +20 % and -20 %
    assert money_weighted(held) < Decimal("-0.2")  # most of the money was there for the loss alone


def test_gross_counts_fees_as_received() -> None:
    held = series(valued(0, "103", fee="2"), opening="100")
    assert float(money_weighted(held, Basis.GROSS)) == pytest.approx(0.05)
    assert float(money_weighted(held)) == pytest.approx(0.03)


def test_a_few_days_have_a_rate_even_where_the_annual_one_is_astronomic() -> None:
    assert float(period_rate(paid((0, "-100"), (1, "103")))) == pytest.approx(0.03)
    assert float(period_rate(paid((0, "-100"), (1, "3")))) == pytest.approx(-0.97)
    assert xirr(paid((0, "-1"), (1, "30"))) is NotDefined.NO_CONVERGENCE  # 30 ** 365


@pytest.mark.parametrize(
    "flows",
    [
        pytest.param([], id="nothing"),
        pytest.param([(0, "-100"), (30, "-5")], id="only paid"),
        pytest.param([(0, "-100"), (400, "0")], id="all lost"),
        pytest.param([(0, "100"), (0, "-103")], id="within one day"),
    ],
)
def test_money_that_went_one_way_has_no_rate(flows: list[tuple[int, str]]) -> None:
    assert period_rate(paid(*flows)) is NotDefined.NO_SIGN_CHANGE
    assert xirr(paid(*flows)) is NotDefined.NO_SIGN_CHANGE


def test_flows_that_two_rates_make_even_have_none() -> None:
    # -100 + 230 / 1.1 - 132 / 1.21 = 0, and the same at 20 %.
    assert period_rate(paid((0, "-100"), (10, "230"), (20, "-132"))) is NotDefined.SEVERAL_RATES


def test_flows_that_no_rate_makes_even_have_none() -> None:
    assert isinstance(period_rate(paid((0, "-100"), (10, "150"), (20, "-100"))), NotDefined)
