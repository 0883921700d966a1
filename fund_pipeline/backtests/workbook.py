"""Bytes of an XLSX workbook → rows of text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from xml.parsers import expat

import polars as pl

from fund_pipeline.backtests.columns import recognised
from fund_pipeline.backtests.model import Finding, FindingCode, Refusal
from fund_pipeline.backtests.percent_formats import Cell, percent_cells
from fund_pipeline.backtests.reading import RawTable, table_of

MAX_UNPACKED = 512 * 1024 * 1024
"""Most bytes a workbook may unpack to: a small zip can hold a very large one."""
_RESEND = "open it in a spreadsheet and save it again as .xlsx, or send CSV"


def read_xlsx_bytes(data: bytes) -> RawTable:
    """Read the one sheet that holds a backtest, each cell as text. Refusal: EMPTY, UNREADABLE."""
    if not data:
        raise Refusal(Finding(FindingCode.EMPTY, "the file holds 0 bytes", "send the file again"))
    _check_archive(data)
    import fastexcel  # only workbooks pay its import

    try:
        reader = fastexcel.read_excel(data)
        sheets = [(name, _sheet(reader, name, percent_cells(data, name))) for name in reader.sheet_names]
    except (fastexcel.FastExcelError, expat.ExpatError, KeyError, ValueError) as broken:
        reason = str(broken).splitlines()[0] if str(broken) else type(broken).__name__
        raise Refusal(Finding(FindingCode.UNREADABLE, f"not a readable workbook: {reason}", _RESEND)) from broken
    filled = [(name, rows) for name, rows in sheets if any(any(cell.strip() for cell in row) for row in rows)]
    if not filled:
        raise Refusal(Finding(FindingCode.EMPTY, "every sheet of the workbook is blank", "send the file again"))
    likely = [pair for pair in filled if recognised(_first(pair[1])) >= 2] or filled[:1]
    if len(likely) > 1:
        names = ", ".join(repr(name) for name, _ in likely)
        message = f"sheets {names} each look like a backtest"
        raise Refusal(Finding(FindingCode.UNREADABLE, message, "send one strategy and one sheet per workbook"))
    rows = likely[0][1]
    return table_of(rows, range(1, len(rows) + 1))


def _first(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    return next(row for row in rows if any(cell.strip() for cell in row))


def _check_archive(data: bytes) -> None:
    try:
        unpacked = sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(data)).infolist())
    except zipfile.BadZipFile as broken:
        raise Refusal(Finding(FindingCode.UNREADABLE, f"not an XLSX workbook: {broken}", _RESEND)) from broken
    if unpacked > MAX_UNPACKED:
        message = f"the workbook unpacks to {unpacked:,} bytes, more than {MAX_UNPACKED:,}"
        raise Refusal(Finding(FindingCode.UNREADABLE, message, "send only the daily rows"))


def _sheet(reader: object, name: str, percents: frozenset[Cell]) -> list[list[str]]:
    """Cells as text. Numbers are read once more as floats: as text the library cuts them to nine decimals."""
    options = {"header_row": None, "skip_rows": 0}
    texts: pl.DataFrame = reader.load_sheet(name, dtypes="string", **options).to_polars()  # type: ignore[attr-defined]
    if texts.height == 0:
        return []
    floats: pl.DataFrame = reader.load_sheet(name, dtypes="float", **options).to_polars()  # type: ignore[attr-defined]
    columns = [
        [_cell(text, number, (i, j) in percents) for i, (text, number) in enumerate(zip(shown, exact, strict=True))]
        for j, (shown, exact) in enumerate(zip(texts.get_columns(), floats.get_columns(), strict=True))
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(text: str | None, number: float | None, percent: bool) -> str:
    if text is None:
        return ""
    try:
        shown = float(text)
    except ValueError:
        return text
    if number is None or abs(shown - number) > 1e-8 * max(1.0, abs(number)):
        return text
    # 0.0023 in a percent format is 0.23% to whoever looks at it; the point moves in the text, without arithmetic.
    return f"{Decimal(repr(number)).scaleb(2)}%" if percent else repr(number)
