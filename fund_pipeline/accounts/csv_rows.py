"""Rows of a CSV file that a person gives, with the columns that it must and may have."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from fund_pipeline.errors import InputError

Row = tuple[int, dict[str, str]]
"""The line in the file, and its cells by column. Cells beyond the last column are under `more`."""


def read_rows(path: Path, needed: Sequence[str], possible: Sequence[str] = ()) -> list[Row]:
    """The rows of a file in UTF-8 whose first line names its columns; a cell that is missing is empty.

    InputError when the file cannot be read, is not CSV, or has not each needed column once and no other but possible
    ones.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", remedy="name a CSV file") from None
    except (OSError, UnicodeDecodeError) as broken:
        raise InputError(f"{path} cannot be read: {broken}", remedy="name a CSV file in UTF-8") from None
    reader = csv.DictReader(text.splitlines(), restkey="", strict=True)
    try:
        head = list(reader.fieldnames or ())
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as broken:
        raise InputError(f"{path} is not CSV: {broken}", remedy="correct it: commas, and quotes in pairs") from None
    missing = [name for name in needed if name not in head]
    strange = [name for name in head if name not in (*needed, *possible)]
    also = f"; and as needed {', '.join(possible)}" if possible else ""
    if missing or strange or len(set(head)) != len(head):
        raise InputError(
            f"{path} has the columns {', '.join(head) or '(none)'}: missing {', '.join(missing) or 'none'}, unknown "
            f"{', '.join(strange) or 'none'}",
            remedy=f"give each once: {', '.join(needed)}{also}",
        )
    return [(line, {name or "more": _text(value) for name, value in row.items()}) for line, row in rows]


def _text(value: str | list[str] | None) -> str:
    return ",".join(value) if isinstance(value, list) else (value or "").strip()
