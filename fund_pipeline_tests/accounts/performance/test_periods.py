"""Month on month, year on year and since inception, both returns side by side."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import (
    Basis,
    DailyReturn,
    DayValue,
    NotDefined,
    Returns,
    link,
    period_table,
    profit_of,
    risk_of,
    time_weighted,
)
from fund_pipeline_tests.accounts.performance.series import LAW, daily, day, grown, series, valued


def test_months_link_to_the_whole_and_twelve_of_them_to_a_year() -> None:
    random = Random(7)
    earned = [Decimal(random.randint(-100, 105)).scaleb(-4) for _ in range(430)]
    flows = [Decimal(random.choice((0, 0, 0, 0, 300, -200))) for _ in range(430)]
    held = grown(earned, flows)
    table = period_table(held)
    months = [one.twr for one in table.month_on_month]
    assert len(months) == 15  # January 2024 to 5 March 2025
    assert abs(link(months) - table.since_inception.twr) < Decimal("1e-38")
    assert [one.last for one in table.year_on_year] == [date(2024, 12, 31), date(2025, 1, 31), date(2025, 2, 28)]
    assert abs(link(months[1:13]) - table.year_on_year[1].twr) < Decimal("1e-38")
    assert abs(sum(one.profit for one in table.month_on_month) - table.since_inception.profit) < Decimal("1e-15")
    assert table.since_inception.profit == profit_of(held)
    assert not isinstance(table.since_inception.annual[0], NotDefined)
    assert table.month_on_month[0].annual == (NotDefined.TOO_SHORT, NotDefined.TOO_SHORT)


def test_a_month_without_a_valued_day_has_no_row_of_made_up_figures() -> None:
    held = series(valued(0, "100", inflow="100"), valued(70, "110"))
    months = period_table(held).month_on_month
    assert [(one.first, one.last) for one in months] == [
        (date(2024, 1, 1), date(2024, 1, 31)),
        (date(2024, 3, 1), day(70)),
    ]


def test_neither_return_can_be_made_or_shown_without_the_other() -> None:
    named = {one.name for one in fields(Returns)}
    assert {"twr", "mwr"} <= named
    with pytest.raises(TypeError, match="mwr"):
        Returns(date(2024, 1, 1), date(2024, 1, 31), Basis.NET, twr=Decimal(0), profit=Decimal(0))  # type: ignore[call-arg]
    held = series(valued(0, "110", inflow="100"))
    (month,) = period_table(held).month_on_month
    assert str(month) == "time-weighted (TWR) +10.00 %; money-weighted (MWR) +10.00 %; net of fees"
    assert {"twr", "mwr"} <= set(month.as_json())


def test_what_is_not_defined_says_so_and_is_never_nought() -> None:
    held = series(valued(0, "0"), opening="100")
    whole = period_table(held).since_inception
    assert (whole.twr, whole.mwr) == (-1, NotDefined.NO_SIGN_CHANGE)
    assert "(MWR) not defined: money went one way only" in str(whole)
    assert whole.as_json()["mwr"] is None
    assert whole.as_json()["not_defined"]["mwr"] == "NO_SIGN_CHANGE"  # type: ignore[index]


@given(st.lists(daily, min_size=1, max_size=30), st.lists(st.decimals(0, 50, places=2), min_size=30, max_size=30))
@LAW
def test_gross_is_never_below_net(earned: list[Decimal], fees: list[Decimal]) -> None:
    value, days = Decimal(100000), []
    for number, one in enumerate(earned):
        value = value * (1 + one / 20) - fees[number]
        days.append(DayValue(day(number), value, fee=fees[number]))
    held = series(*days, opening="100000")
    assert time_weighted(held, Basis.GROSS) >= time_weighted(held)
    assert profit_of(held, Basis.GROSS) == profit_of(held) + sum(fees[: len(earned)])


def test_the_drawdown_names_the_day_it_was_made_good() -> None:
    earned = ("0.1", "-0.5", "0.5", "0.5", "0.1")
    found = risk_of(tuple(DailyReturn(day(number), Decimal(one)) for number, one in enumerate(earned)))
    assert (found.drawdown_peak, found.drawdown_trough, found.recovered) == (day(0), day(1), day(3))
    assert float(found.max_drawdown) == pytest.approx(-0.5)


def test_risk_is_not_defined_without_variation_without_days_or_where_a_return_is_not() -> None:
    flat = tuple(DailyReturn(day(number), Decimal("0.01")) for number in range(3))
    assert (risk_of(flat).sharpe, risk_of(flat).sortino) == (NotDefined.NO_RISK, NotDefined.NO_RISK)
    assert risk_of(flat[:1]).sharpe is NotDefined.TOO_SHORT
    assert risk_of(()).sharpe is NotDefined.NO_DAYS
    broken = (*flat, DailyReturn(day(3), NotDefined.NO_CAPITAL))
    assert risk_of(broken).max_drawdown is NotDefined.NO_CAPITAL
