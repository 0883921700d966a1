"""The forms in which developers send one and the same backtest: all are read as the plain one."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter

from fund_pipeline.backtests import Backtest, BatchResult, FindingCode, UnitSource
from fund_pipeline.backtests.cells import parse_number
from fund_pipeline.backtests.days import read_days

HEADER = ["Date", "Daily_Return_Pct", "Account_Equity", "Daily_PnL", "Max_Margin_Used", "Max_Notional_Value"]
ARRAYS = ("dates", "returns", "equity", "pnl", "margin", "notional")
Rows = list[list[str]]
Ingest = Callable[..., BatchResult]
Write = Callable[..., Path]
Honest = Callable[..., Rows]


def only(result: BatchResult) -> Backtest:
    assert [refused.findings for refused in result.quarantined] == []
    return result.admitted[0]


def equal(one: Backtest, other: Backtest) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)


def _european(text: str) -> str:
    return f"{float(text):,.6f}".translate(str.maketrans(",.", ".,"))


FORMS: dict[str, Callable[[Rows], bytes]] = {
    "byte-order mark": lambda rows: b"\xef\xbb\xbf" + _text(rows).encode(),
    "UTF-16": lambda rows: _text(rows).encode("utf-16"),
    "UTF-16 without a mark": lambda rows: _text(rows).encode("utf-16-le"),
    "Windows-1252": lambda rows: _text(rows).replace("Max_Margin_Used", "Märgin").encode("cp1252"),
    "semicolons": lambda rows: _text(rows, ";").encode(),
    "tabs": lambda rows: _text(rows, "\t").encode(),
    "decimal commas": lambda rows: _text([[r[0], *map(_european, r[1:])] for r in rows], ";").encode(),
    "quotes": lambda rows: _text([[f'"{cell}"' for cell in row] for row in rows]).encode(),
    "blank rows": lambda rows: ("\n\n" + _text(rows).replace("\n", "\n,,,,,\n", 3) + "\n \n").encode(),
    "old Mac line ends": lambda rows: _text(rows).replace("\n", "\r").encode(),
    "day first": lambda rows: _text([["/".join(r[0].split("-")[::-1]), *r[1:]] for r in rows]).encode(),
    "month first": lambda rows: _text([[_american(r[0]), *r[1:]] for r in rows]).encode(),
    "month names": lambda rows: _text([[f"{date.fromisoformat(r[0]):%d-%b-%Y}", *r[1:]] for r in rows]).encode(),
    "compact dates": lambda rows: _text([[r[0].replace("-", ""), *r[1:]] for r in rows]).encode(),
    "dates with a clock": lambda rows: _text([[f"{r[0]} 16:00:00", *r[1:]] for r in rows]).encode(),
}


def _american(day: str) -> str:
    year, month, dayno = day.split("-")
    return f"{int(month)}/{int(dayno)}/{year}"


def _text(rows: Rows, delimiter: str = ",") -> str:
    return "\n".join([delimiter.join(HEADER), *(delimiter.join(row) for row in rows)]) + "\n"


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_a_text_file_changes_nothing(
    form: str, tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    plain = only(ingest(write(tmp_path / "S.csv", honest()).parent))
    (tmp_path / "S.csv").write_bytes(FORMS[form](honest()))
    if form == "Windows-1252":
        (tmp_path / "S.yaml").write_text("columns:\n  margin: Märgin\n", encoding="utf-8")
    assert equal(plain, only(ingest(tmp_path)))


def test_a_workbook_reads_as_the_csv_does(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    path = write(tmp_path / "S.csv", honest())
    plain = only(ingest(tmp_path))
    path.unlink()
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    notes, sheet = book.add_worksheet("Notes"), book.add_worksheet("Daily")
    notes.write(0, 0, "made by hand")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, HEADER)
    for i, row in enumerate(honest(), start=1):
        sheet.write_datetime(i, 0, datetime.fromisoformat(row[0]), day)
        sheet.write_row(i, 1, [float(cell) for cell in row[1:]])
    book.close()
    (tmp_path / "S.xlsx").write_bytes(stream.getvalue())
    assert equal(plain, only(ingest(tmp_path)))


def test_a_percent_format_of_a_workbook_is_a_percent_sign(tmp_path: Path, honest: Honest, ingest: Ingest) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "S.xlsx"))
    sheet, percent = book.add_worksheet(), book.add_format({"num_format": "0.000%"})
    sheet.write_row(0, 0, HEADER[:2])
    for i, row in enumerate(honest(), start=1):
        sheet.write(i, 0, row[0])
        sheet.write_number(i, 1, round(float(row[1]) / 100, 8), percent)
    book.close()
    backtest = only(ingest(tmp_path))
    assert backtest.unit.source is UnitSource.PERCENT_SIGN
    assert backtest.returns.tolist() == [round(float(row[1]) / 100, 8) for row in honest()]


def test_headers_in_any_case_and_spacing_are_known(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    plain = only(ingest(write(tmp_path / "S.csv", honest()).parent))
    loose = ["DATE ", "daily return (%)", "Account equity", "daily p&l", "max margin used", "MaxNotionalValue"]
    assert equal(plain, only(ingest(write(tmp_path / "S.csv", honest(), header=loose).parent)))


def test_a_manifest_names_unusual_columns(tmp_path: Path, honest: Honest, write: Write, ingest: Ingest) -> None:
    plain = only(ingest(write(tmp_path / "S.csv", honest()).parent))
    odd = ["Tag", "Rendite", *HEADER[2:]]
    manifest = "columns: {date: Tag, return: Rendite}\n"
    assert equal(plain, only(ingest(write(tmp_path / "S.csv", honest(), header=odd, manifest=manifest).parent)))


def test_columns_that_mean_nothing_are_named_in_a_warning(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    rows = [[*row, "x"] for row in honest()]
    backtest = only(ingest(write(tmp_path / "S.csv", rows, header=[*HEADER, "Acount_Equity2"]).parent))
    assert [(f.code, f.column) for f in backtest.findings] == [(FindingCode.IGNORED_COLUMNS, "Acount_Equity2")]


def test_unordered_iso_dates_are_sorted_and_warned_about(
    tmp_path: Path, honest: Honest, write: Write, ingest: Ingest
) -> None:
    plain = only(ingest(write(tmp_path / "S.csv", honest()).parent))
    rows = honest()
    rows[7], rows[20] = rows[20], rows[7]
    other = only(ingest(write(tmp_path / "S.csv", rows).parent))
    assert equal(plain, other)
    assert [(f.code, f.row) for f in other.findings] == [(FindingCode.UNORDERED_DATES, 10)]


@pytest.mark.parametrize(
    ("text", "money", "value"),
    [
        ("1,234,567.89", True, 1234567.89),
        ("$1,234.5", True, 1234.5),
        ("($1,234.50)", True, -1234.5),
        ("-$5", True, -5.0),
        ("€ 5", True, 5.0),
        ("1 234 567.8", True, 1234567.8),
        ("1\u00a0234", True, 1234.0),
        ("1'234", True, 1234.0),
        ("\u22120.5", False, -0.5),
        ("(0.5%)", False, -0.5),
        ("1.5e-05", False, 1.5e-05),
        (".5", False, 0.5),
    ],
)
def test_a_decorated_number_is_its_value(text: str, money: bool, value: float) -> None:
    number = parse_number(text, ".", money=money)
    assert number is not None
    assert number.value == value


@pytest.mark.parametrize(
    ("text", "money"),
    [
        *[("nan", False), ("inf", False), ("1_000", True), ("1,23", True), ("12,34,567", True), ("0,231", True)],
        *[("$5", False), ("5%", True), ("", True), ("-", True), ("--5", True), ("(-5)", True), ("1.2.3", True)],
        *[("0x10", True), ("5 apples", True), ("$", True), ("1e", True), ("()", True), ("%", False), ("1,234,5", True)],
    ],
)
def test_what_only_resembles_a_number_is_none(text: str, money: bool) -> None:
    assert parse_number(text, ".", money=money) is None


def test_day_and_month_are_told_apart_by_a_day_above_twelve() -> None:
    assert read_days(["01/02/2024", "31/01/2024"], None).days == (date(2024, 2, 1), date(2024, 1, 31))


def test_day_and_month_are_told_apart_by_the_order_of_rows() -> None:
    assert read_days(["01/11/2024", "01/12/2024", "02/01/2024"], None).days[2] == date(2024, 2, 1)


def test_dates_that_stand_in_order_both_ways_are_ambiguous() -> None:
    reading = read_days(["01/02/2024", "02/03/2024"], None)
    assert reading.ambiguous
    assert reading.other is not None


def test_a_stated_date_format_settles_it() -> None:
    assert read_days(["01/02/2024", "02/03/2024"], "%m/%d/%Y").days == (date(2024, 1, 2), date(2024, 2, 3))
