"""Published answers: worked examples 3, 4, 5, 6, 7 and 12."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from fund_pipeline.accounts.performance import (
    DailyReturn,
    DatedFlow,
    DayValue,
    PeriodFlow,
    Segment,
    ValueSeries,
    annualised,
    brinson_fachler,
    link,
    modified_dietz,
    performance_fee,
    returns_of,
    risk_of,
    xirr,
)
from fund_pipeline_tests.accounts.performance.series import day


def test_xirr_of_the_spreadsheet_manuals() -> None:
    paid = [
        (date(2008, 1, 1), -10000),
        (date(2008, 3, 1), 2750),
        (date(2008, 10, 30), 4250),
        (date(2009, 2, 15), 3250),
        (date(2009, 4, 1), 2750),
    ]
    found = xirr([DatedFlow(when, Decimal(amount)) for when, amount in paid])
    assert found == pytest.approx(Decimal("0.373362535"), abs=Decimal("0.000000002"))


def test_modified_dietz_of_a_month_with_a_withdrawal_and_linked_to_a_quarter() -> None:
    month = modified_dietz(Decimal(50), Decimal("51.5"), [PeriodFlow(15, Decimal("-0.5"))], 31)
    assert round(month, 6) == Decimal("0.040208")
    assert round(link([month, Decimal("0.023"), Decimal("-0.01")]), 6) == Decimal("0.053491")


def test_time_and_money_weighted_returns_differ_as_published() -> None:
    first, second, third = date(2021, 1, 1), date(2022, 1, 1), date(2023, 1, 1)
    held = ValueSeries(
        Decimal(0),
        (
            DayValue(first + timedelta(days=1), Decimal(100), inflow=Decimal(100)),
            DayValue(second, Decimal(120), outflow=Decimal(2)),
            DayValue(second + timedelta(days=1), Decimal(240), inflow=Decimal(120)),
            DayValue(third, Decimal(260), outflow=Decimal(4)),
        ),
    )
    found = returns_of(held)
    by_time, by_money = found.annual
    assert round(by_time, 6) == Decimal("0.158447")
    assert round(by_money, 6) == Decimal("0.138612")
    assert found.profit == 46
    paid = [DatedFlow(first, Decimal(-100)), DatedFlow(second, Decimal(-118)), DatedFlow(third, Decimal(264))]
    assert round(xirr(paid), 6) == Decimal("0.138612")
    assert "time-weighted (TWR) +34.20 % (+15.84 % a year); money-weighted (MWR)" in str(found)


def test_the_performance_fee_is_taken_above_the_mark_alone() -> None:
    mark, fees, marks = Decimal(1_000_000), [], []
    for value in (1_200_000, 1_000_000, 1_100_000, 1_300_000):
        found = performance_fee(Decimal(value), mark, Decimal("0.2"))
        mark = found.mark
        fees.append(found.fee)
        marks.append(found.mark)
    assert fees == [40_000, 0, 0, 28_000]
    assert marks == [1_160_000, 1_160_000, 1_160_000, 1_272_000]


def test_ratios_of_empyricals_test_data() -> None:
    """Its first day is not a number: a day that was not valued."""
    earned = ("0.01", "0.1", "-0.04", "0.02", "0.03", "0.02", "0.01", "-0.1")
    found = risk_of(tuple(DailyReturn(day(number), Decimal(one)) for number, one in enumerate(earned, 1)))
    assert float(found.sharpe) == pytest.approx(1.7238613962, abs=1e-10)
    assert float(found.sortino) == pytest.approx(2.6055312517, abs=1e-10)
    assert float(found.max_drawdown) == pytest.approx(-0.1, abs=1e-12)
    assert float(found.volatility) == pytest.approx(0.9136465400, abs=1e-10)
    assert (found.drawdown_peak, found.drawdown_trough, found.recovered) == (day(7), day(8), None)
    assert round(link(Decimal(one) for one in earned), 10) == Decimal("0.0389310917")


def test_attribution_against_a_benchmark_as_published() -> None:
    rows = [
        ("a", ".35", ".30", ".12", ".105"),
        ("b", ".20", ".25", ".08", ".092"),
        ("c", ".25", ".20", ".075", ".06"),
        ("d", ".20", ".25", ".05", ".048"),
    ]
    found = brinson_fachler([Segment(name, *(Decimal(one) for one in figures)) for name, *figures in rows])
    assert round(found.allocation, 5) == Decimal("0.00125")
    assert round(found.selection, 4) == Decimal("0.0050")
    assert round(found.interaction, 4) == Decimal("0.0020")
    assert found.difference == Decimal("0.00825")


def test_a_rate_is_annualised_only_beyond_a_year() -> None:
    assert annualised(Decimal("0.342"), 730) == pytest.approx(Decimal("0.158447"), abs=Decimal("0.000001"))
    assert annualised(Decimal("0.342"), 365) == "TOO_SHORT"
