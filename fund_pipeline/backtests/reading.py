"""Bytes of a CSV file → rows of text. No cell is interpreted here."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass

from fund_pipeline.backtests.columns import recognised
from fund_pipeline.backtests.model import Finding, FindingCode, Refusal

DELIMITERS = (",", ";", "\t", "|")
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_RESEND = "send the file again as UTF-8 CSV or as XLSX"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class RawTable:
    """A file as text.

    Attributes
    ----------
    header : fields of the first row that is not blank.
    header_row : its line (from 1).
    rows : the rows after it that are not blank, each as wide as the file made it.
    lines : line of each of those rows.
    """

    header: tuple[str, ...]
    header_row: int
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]


def read_csv_bytes(data: bytes) -> RawTable:
    """Decode, find the delimiter and split. Refusal: EMPTY, UNREADABLE."""
    if not data:
        raise Refusal(Finding(FindingCode.EMPTY, "the file holds 0 bytes", "send the file again"))
    if data.startswith(_ZIP):
        raise Refusal(_unreadable("the file is an Excel workbook named as CSV", "rename it to end in .xlsx"))
    if data.startswith(_OLD_EXCEL):
        raise Refusal(_unreadable("the file is an old Excel workbook named as CSV", _RESEND))
    text = decode(data)
    if not text.strip():
        raise Refusal(Finding(FindingCode.EMPTY, "the file holds only blank lines", "send the file again"))
    return table_of(*_split(text))


def table_of(rows: Sequence[Sequence[str]], lines: Sequence[int]) -> RawTable:
    """The first row that is not blank is the header; blank rows carry nothing. Refusal: EMPTY."""
    filled = [i for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not filled:
        raise Refusal(Finding(FindingCode.EMPTY, "every row is blank", "send the file again"))
    first, rest = filled[0], filled[1:]
    if not rest:
        raise Refusal(
            Finding(
                FindingCode.EMPTY, "the file has a header and no rows", "send the daily rows below it", row=lines[first]
            )
        )
    header = list(rows[first])
    while header and not header[-1].strip():
        header.pop()
    return RawTable(tuple(header), lines[first], [rows[i] for i in rest], [lines[i] for i in rest])


def decode(data: bytes) -> str:
    """Text of a CSV file: by its byte-order mark, else UTF-8, UTF-16 without a mark, or Windows-1252.

    Refusal UNREADABLE where the result holds control characters: such a file is not text.
    """
    encodings = [name for mark, name in _BOMS if data.startswith(mark)][:1] or _guesses(data)
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        control = next((letter for letter in text if ord(letter) < 32 and letter not in "\t\r\n\f"), None)
        if control is None:
            return text
    position = next((i for i, byte in enumerate(data) if byte < 32 and byte not in b"\t\r\n\f"), 0)
    row = data.count(b"\n", 0, position) + 1
    message = f"the file is not text (byte 0x{data[position]:02x} at position {position + 1})"
    raise Refusal(_unreadable(message, _RESEND, row))


def _guesses(data: bytes) -> list[str]:
    """Encodings to try without a mark: every other byte of Latin text in UTF-16 is zero, and no byte of UTF-8 is."""
    head = data[:4000]
    if head[1::2].count(0) > 0.4 * len(head):
        return ["utf-16-le"]
    if head[0::2].count(0) > 0.4 * len(head):
        return ["utf-16-be"]
    return ["utf-8", "cp1252"]


def _split(text: str) -> tuple[list[list[str]], list[int]]:
    lines = text.splitlines(keepends=True)
    head = next(line for line in lines if line.strip())
    delimiter = max(DELIMITERS, key=lambda mark: _columns_found(head, mark))
    rows, numbers, last = [], [], 0
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for row in reader:
            rows.append(row)
            numbers.append(last + 1)
            last = reader.line_num
    except csv.Error as broken:
        message = f"the quotes or fields of the row cannot be followed: {broken}"
        raise Refusal(_unreadable(message, "close every quote, and send the file again", last + 1)) from broken
    return rows, numbers


def _columns_found(head: str, delimiter: str) -> tuple[int, int]:
    fields = next(csv.reader([head], delimiter=delimiter), [])
    return recognised(fields), len(fields)


def _unreadable(message: str, remedy: str, row: int | None = None) -> Finding:
    return Finding(FindingCode.UNREADABLE, message, remedy, row=row)
