"""What contradicts, what is only a gap, and what the exchange's calendar says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.backtests import BatchResult, FindingCode
from fund_pipeline.backtests.series import printed_decimals, printed_decimals_of, shift_decimals

HEADER = ["Date", "Daily_Return_Pct", "Account_Equity", "Daily_PnL", "Max_Margin_Used", "Max_Notional_Value"]
Rows = list[list[str]]
Ingest = Callable[..., BatchResult]
Write = Callable[..., Path]
Honest = Callable[..., Rows]


def codes(result: BatchResult) -> list[FindingCode]:
    found = [finding for refused in result.quarantined for finding in refused.findings]
    return [finding.code for finding in found or result.admitted[0].findings]


@pytest.mark.parametrize("columns", [[0, 1, 2, 3, 4, 5], [0, 1, 2]], ids=["with PnL", "without PnL"])
def test_a_missing_session_is_a_warning_not_a_contradiction(
    columns: list[int], tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [[row[i] for i in columns] for row in honest()]
    del rows[100]
    result = ingest(write(tmp_path / "S.csv", rows, header=[HEADER[i] for i in columns]).parent)
    assert codes(result) == [FindingCode.MISSING_SESSIONS, FindingCode.EQUITY_GAP]
    assert [finding.row for finding in result.admitted[0].findings] == [102, 102]


def test_a_deposit_is_told_as_equity_that_does_not_follow(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = honest()
    before = float(rows[100][2])
    for row in rows[100:]:
        row[2] = repr(round(float(row[2]) + 1e6, 2))
        row[1] = repr(round(100 * float(row[3]) / (float(row[2]) - float(row[3])), 6))
    result = ingest(write(tmp_path / "S.csv", rows).parent)
    finding = result.quarantined[0].findings[0]
    assert (finding.code, finding.row, finding.column) == (
        FindingCode.EQUITY_CONTRADICTS_RETURN,
        102,
        "Account_Equity",
    )
    assert "deposits" in finding.remedy
    assert before < float(rows[100][2])


def test_rounded_returns_do_not_contradict(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    rows = [[row[0], f"{float(row[1]):.2f}", *row[2:]] for row in honest()]
    assert codes(ingest(write(tmp_path / "S.csv", rows).parent)) == []


def test_returns_cut_off_rather_than_rounded_do_not_contradict(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [[row[0], repr(int(float(row[1]) * 1000) / 1000), *row[2:]] for row in honest()]
    assert codes(ingest(write(tmp_path / "S.csv", rows).parent)) == []


def test_one_dollar_in_a_million_contradicts(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    rows = honest()
    rows[50][3] = repr(round(float(rows[50][3]) + 1.0, 2))
    result = ingest(write(tmp_path / "S.csv", rows).parent)
    finding = result.quarantined[0].findings[0]
    assert (finding.code, finding.row, finding.column) == (FindingCode.PNL_CONTRADICTS_RETURN, 52, "Daily_PnL")
    assert "1 of 300 days" in finding.message


@pytest.mark.parametrize("columns", [[0, 1, 2, 3], [0, 1, 2]], ids=["with PnL", "without PnL"])
def test_dates_in_reverse_of_the_equity_are_told(
    columns: list[int], tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [[row[i] for i in columns] for row in honest()]
    days = [row[0] for row in rows][::-1]
    turned = [[day, *row[1:]] for day, row in zip(days, rows, strict=True)]
    result = ingest(write(tmp_path / "S.csv", turned, header=[HEADER[i] for i in columns]).parent)
    assert codes(result) == [FindingCode.REVERSED_EQUITY]


def test_pnl_with_start_capital_is_checked_without_equity(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [[row[i] for i in (0, 1, 3)] for row in honest()]
    rows[50][2] = repr(float(rows[50][2]) + 900.0)
    header = [HEADER[i] for i in (0, 1, 3)]
    result = ingest(write(tmp_path / "S.csv", rows, header=header, manifest="start_capital: 1000000\n").parent)
    assert codes(result) == [FindingCode.PNL_CONTRADICTS_RETURN]
    assert result.quarantined[0].findings[0].row == 52


def test_a_last_day_that_loses_more_than_everything_is_refused_though_pnl_agrees(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [[row[i] for i in (0, 1, 3)] for row in honest()]
    before = 1e6 + sum(float(row[2]) for row in rows[:-1])
    rows[-1][1:] = ["-120.0", repr(round(-1.2 * before, 2))]
    header = [HEADER[i] for i in (0, 1, 3)]
    result = ingest(write(tmp_path / "S.csv", rows, header=header, manifest="start_capital: 1000000\n").parent)
    assert codes(result) == [FindingCode.RETURN_BELOW_MINUS_100]


def test_an_account_that_starts_with_nothing_is_refused(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = honest()
    rows[0][3] = rows[0][2]
    result = ingest(write(tmp_path / "S.csv", rows).parent)
    assert codes(result) == [FindingCode.EQUITY_NOT_POSITIVE]


def test_weekends_on_an_exchange_are_listed(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    rows = honest()
    rows[3][0] = "2023-01-07"
    result = ingest(write(tmp_path / "S.csv", rows).parent)
    finding = result.admitted[0].findings[0]
    assert (finding.code, finding.row, finding.value) == (FindingCode.NON_TRADING_DAYS, 5, "2023-01-07")


def test_a_series_of_every_day_is_whole_on_the_round_the_clock_calendar(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    days = np.datetime64("2023-01-01") + np.arange(300)
    rows = [[str(day), *row[1:]] for day, row in zip(days, honest(), strict=True)]
    assert codes(ingest(write(tmp_path / "S.csv", rows, manifest="calendar: 24/7\n").parent)) == []


def test_a_history_from_before_most_calendars_is_checked(tmp_path: Path, write: Write, ingest: Ingest) -> None:
    rows = [["1969-07-18", "0.1"], ["1969-07-21", "0.2"], ["1969-07-22", "0.3"]]
    result = ingest(write(tmp_path / "S.csv", rows, header=HEADER[:2], manifest="unit: percent\n").parent)
    # 21 July 1969: the exchange closed for the moon landing.
    assert codes(result) == [FindingCode.NON_TRADING_DAYS, FindingCode.SHORT_HISTORY]


@given(st.lists(st.decimals(-(10**6), 10**6, places=6), min_size=1, max_size=30), st.integers(0, 2))
def test_moving_the_point_equals_printing_it_elsewhere(values: list[object], places: int) -> None:
    from decimal import Decimal

    numbers = [Decimal(str(value)) for value in values]
    printed = np.array([float(number) for number in numbers])
    moved = shift_decimals(printed, places, printed_decimals(printed))
    assert moved.tolist() == [float(number.scaleb(-places)) for number in numbers]


@given(st.integers(0, 8), st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30))
def test_printed_decimals_are_never_more_than_were_printed(decimals: int, units: list[int]) -> None:
    values = np.array([float(f"{unit}e-{decimals}") for unit in units])
    found = printed_decimals(values)
    assert found is not None
    assert found <= decimals
    assert np.array_equal(values, np.array([float(f"{value:.{found}f}") for value in values]))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 14),
            st.lists(st.one_of(st.integers(-(10**12), 10**12), st.integers(-99, 99)), min_size=12, max_size=12),
        ),
        min_size=1,
        max_size=6,
    ),
    st.floats(-1e9, 1e9),
)
def test_printed_decimals_of_many_rows_are_those_of_each(rows: list[tuple[int, list[int]]], odd: float) -> None:
    table = np.array([[float(f"{unit}e-{decimals}") for unit in units] for decimals, units in rows])
    assert printed_decimals_of(table) == [printed_decimals(row) for row in table]
    table[-1, -1] = odd
    assert printed_decimals_of(table) == [printed_decimals(row) for row in table]
