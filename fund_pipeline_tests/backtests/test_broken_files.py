"""Every kind of bad input: a clear finding for each, the rest of the batch processed, nothing lost."""

from __future__ import annotations

import io
import shutil
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from fund_pipeline.backtests import (
    BatchResult,
    Finding,
    FindingCode,
    Quarantine,
    read_batch,
    scan_folder,
)
from fund_pipeline.errors import InputError

BROKEN = Path(__file__).parent / "broken"
RETURN, EQUITY, PNL = "Daily_Return_Pct", "Account_Equity", "Daily_PnL"

# file, code, row, column, value
EXPECTED = [
    ("missing_date.csv", FindingCode.MISSING_DATE, 5, "Date", ""),
    ("duplicate_date.csv", FindingCode.DUPLICATE_DATE, 7, "Date", "2024-01-08"),
    ("bad_date.csv", FindingCode.BAD_DATE, 4, "Date", "2024-02-30"),
    ("ambiguous_dates.csv", FindingCode.AMBIGUOUS_DATES, 2, "Date", "01/02/2024"),
    ("future_date.csv", FindingCode.FUTURE_DATE, 13, "Date", "2031-01-02"),
    ("text_in_number.csv", FindingCode.NOT_A_NUMBER, 6, PNL, "about 900"),
    ("text_in_return.csv", FindingCode.NOT_A_NUMBER, 8, RETURN, "n/a"),
    ("blank_return.csv", FindingCode.NOT_A_NUMBER, 2, RETURN, ""),
    ("ambiguous_numbers.csv", FindingCode.AMBIGUOUS_NUMBERS, 2, EQUITY, "100,000"),
    ("below_minus_100.csv", FindingCode.RETURN_BELOW_MINUS_100, 9, RETURN, "-120.5"),
    ("zero_bytes.csv", FindingCode.EMPTY, None, None, None),
    ("zero_book.xlsx", FindingCode.EMPTY, None, None, None),
    ("blank_lines.csv", FindingCode.EMPTY, None, None, None),
    ("blank_sheet.xlsx", FindingCode.EMPTY, None, None, None),
    ("header_only.csv", FindingCode.EMPTY, 1, None, None),
    ("one_row.csv", FindingCode.TOO_FEW_ROWS, 2, None, None),
    ("binary.csv", FindingCode.UNREADABLE, 1, None, None),
    ("binary_book.xlsx", FindingCode.UNREADABLE, None, None, None),
    ("cut_short.xlsx", FindingCode.UNREADABLE, None, None, None),
    ("workbook.csv", FindingCode.UNREADABLE, None, None, None),
    ("old_excel.xls", FindingCode.UNREADABLE, None, None, None),
    ("unclosed_quote.csv", FindingCode.UNREADABLE, 14, None, None),
    ("text_in_sheet.xlsx", FindingCode.NOT_A_NUMBER, 3, RETURN, "lost"),
    ("twice.csv", FindingCode.TWO_FILES, None, None, "twice"),
    ("twice_again.csv", FindingCode.TWO_FILES, None, None, "twice"),
    ("unknown_strategy.csv", FindingCode.UNKNOWN_STRATEGY, None, None, "unknown_strategy"),
    ("mixed_units.csv", FindingCode.MIXED_UNITS, 10, RETURN, "-0.0113"),
    ("mixed_signs.csv", FindingCode.MIXED_UNITS, 5, RETURN, "0.08"),
    ("unit_unknown.csv", FindingCode.UNIT_UNKNOWN, 2, RETURN, "0.51"),
    ("unit_contradicted.csv", FindingCode.UNIT_CONTRADICTED, 2, RETURN, "0.51"),
    ("pnl_contradicts.csv", FindingCode.PNL_CONTRADICTS_RETURN, 7, PNL, "7138.77"),
    ("return_contradicts.csv", FindingCode.PNL_CONTRADICTS_RETURN, 11, RETURN, "0.9"),
    ("equity_contradicts.csv", FindingCode.EQUITY_CONTRADICTS_RETURN, 8, EQUITY, "1011744.35"),
    ("equity_without_pnl.csv", FindingCode.EQUITY_CONTRADICTS_RETURN, 8, EQUITY, "1011744.35"),
    ("equity_not_positive.csv", FindingCode.EQUITY_NOT_POSITIVE, 12, EQUITY, "-5.0"),
    ("reversed_equity.csv", FindingCode.REVERSED_EQUITY, 13, EQUITY, "1010172.77"),
    ("bad_manifest.csv", FindingCode.BAD_MANIFEST, None, "start_capital", "-5"),
    ("missing_column.csv", FindingCode.MISSING_COLUMN, 1, "return", None),
    ("duplicate_column.csv", FindingCode.DUPLICATE_COLUMN, 1, "Return", None),
    ("bad_row.csv", FindingCode.BAD_ROW, 4, None, "2024-01-04,1.27,1,014,612.00,12723.92,507303.8,1014607.6"),
    ("unsafe.csv", FindingCode.BAD_STRATEGY_ID, None, None, "../escape"),
]


def _workbook(rows: list[list[object]]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    for i, row in enumerate(rows):
        sheet.write_row(i, 0, row)
    book.close()
    return stream.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The broken text files, with the binary ones made beside them."""
    home = tmp_path_factory.mktemp("broken") / "files"
    shutil.copytree(BROKEN, home)
    book = _workbook([["Date", RETURN], ["2024-01-02", 0.1], ["2024-01-03", "lost"]])
    (home / "binary.csv").write_bytes(bytes(range(256)) * 20)
    (home / "binary_book.xlsx").write_bytes(bytes(range(256)) * 20)
    (home / "zero_book.xlsx").write_bytes(b"")
    (home / "blank_sheet.xlsx").write_bytes(_workbook([]))
    (home / "cut_short.xlsx").write_bytes(book[: len(book) // 2])
    (home / "workbook.csv").write_bytes(book)
    (home / "text_in_sheet.xlsx").write_bytes(book)
    (home / "old_excel.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    shutil.copy(home / "good.csv", home / "unsafe.csv")
    (home / "unsafe.yaml").write_text("strategy: ../escape\n")
    return home


@pytest.fixture(scope="module")
def result(folder: Path) -> BatchResult:
    files = scan_folder(folder)
    return read_batch(
        files,
        registered=frozenset(file.strategy_id for file in files) - {"unknown_strategy"},
        known_hashes={},
        default_calendar="XNYS",
        today=date(2025, 6, 30),
    )


@pytest.fixture(scope="module")
def findings(result: BatchResult) -> dict[str, tuple[Finding, ...]]:
    return {refused.file.path.name: refused.findings for refused in result.quarantined}


@pytest.mark.parametrize(("file", "code", "row", "column", "value"), EXPECTED, ids=[row[0] for row in EXPECTED])
def test_a_broken_file_says_what_is_wrong_and_where(
    findings: dict[str, tuple[Finding, ...]],
    file: str,
    code: FindingCode,
    row: int | None,
    column: str | None,
    value: str | None,
) -> None:
    first = findings[file][0]
    assert (first.code, first.row, first.column, first.value) == (code, row, column, value)


def test_every_finding_of_a_refusal_is_an_error_with_a_message_a_remedy_and_a_file(
    findings: dict[str, tuple[Finding, ...]],
) -> None:
    every = [finding for found in findings.values() for finding in found]
    assert all(finding.is_error and finding.message and finding.remedy and finding.file for finding in every)


def test_no_broken_file_stops_the_good_one(result: BatchResult) -> None:
    assert [backtest.strategy_id for backtest in result.admitted] == ["good"]
    assert len(result.quarantined) == len(EXPECTED)


def test_two_files_for_one_strategy_name_each_other(findings: dict[str, tuple[Finding, ...]]) -> None:
    assert "twice_again.csv" in findings["twice.csv"][0].message
    assert "twice.csv" in findings["twice_again.csv"][0].message


def test_all_wrong_keys_of_a_manifest_are_named_at_once(findings: dict[str, tuple[Finding, ...]]) -> None:
    assert {finding.column for finding in findings["bad_manifest.csv"]} == {"units", "start_capital"}
    assert {finding.file for finding in findings["bad_manifest.csv"]} == {"bad_manifest.yaml"}


def test_the_originals_stay_and_a_copy_of_each_with_its_manifest_is_kept(
    folder: Path, result: BatchResult, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    quarantine = Quarantine(tmp_path / "quarantine")
    for refused in result.quarantined:
        entry = quarantine.keep(refused)
        assert entry.path.read_bytes() == refused.file.path.read_bytes()
        assert entry.findings == refused.findings
        if refused.file.manifest_path is not None:
            assert (entry.path.parent / refused.file.manifest_path.name).exists()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert len(quarantine.list()) == len(result.quarantined)


def test_a_missing_folder_a_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no backtests here")
    with pytest.raises(InputError, match="does not exist"):
        scan_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is not a folder"):
        scan_folder(tmp_path / "notes.txt")
    with pytest.raises(InputError, match=r"holds no \.csv or \.xlsx"):
        scan_folder(tmp_path)
