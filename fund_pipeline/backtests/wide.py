"""Returns and margins as a quant has them at hand: one wide table, one short list."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import polars as pl

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InputError

HEADER_ROWS = 2
"""Row number, as an editor shows it, of the first row below the header."""

GREATEST_FIGURE = 1e6
"""Margins, expected returns and weights are fractions; one beyond this is a mistake, and would spoil the arithmetic."""

_DATE_LIKE = re.compile(r"\d{8}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")


def read_wide_returns(path: Path) -> ReturnsMatrix:
    """A CSV with the date first, then one column of decimal daily returns per strategy; an empty cell is no return.

    InputError names the file, row, column, value and fix: no table, no header, no strategy, a strategy without a name
    of its own, a date that is missing or not after the one before, a cell that is no finite number, a return of −1 or
    less.
    """
    table = _read(path, "the date first, then one column of decimal daily returns per strategy")
    day, *names = table.columns
    if _DATE_LIKE.fullmatch(day):
        raise InputError(f"{path} has no header: it begins with {day!r}", remedy="put date,STRATEGY,... in row 1")
    dates = table[day].str.to_date("%Y-%m-%d", strict=False)
    _refuse_first(path, table, day, dates.is_null(), "is no ISO date", "write 2024-01-31")
    later = (dates.diff().dt.total_days() > 0).fill_null(value=True)
    _refuse_first(path, table, day, ~later, "does not come after the row before", "send each day once, oldest first")
    values = np.full((table.height, len(names)), np.nan)
    for column, name in enumerate(names):
        values[:, column] = _numbers(path, table, name, above=-1.0)
    return ReturnsMatrix(dates.to_numpy().astype("datetime64[D]"), tuple(names), values)


def read_margins(path: Path, strategies: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A CSV of strategy and margin ÷ allocated capital, shape (N,) in the order of `strategies`, each named once."""
    return read_figures(path, strategies, "margin as a fraction of the capital allocated to it")


def read_figures(
    path: Path, strategies: tuple[str, ...], what: str, default: float | None = None
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A CSV of strategy and one figure, shape (N,) in the order of `strategies`.

    Where every strategy must have a figure, others may have one, too: a name that is misspelt leaves one without, and
    that is refused. With a default it would go unseen, so there a name that is none of theirs is refused itself.

    InputError names a strategy that stands there twice, that has no figure where there is no default, that is none of
    `strategies` where there is one, or whose figure is no finite number or beyond GREATEST_FIGURE.

    Parameters
    ----------
    what : the figure in words, for the errors.
    default : the figure of strategies the file does not name.
    """
    table = _read(path, f"two columns: strategy, and its {what}")
    who, column = table.columns[:2]
    if _is_number(column):
        raise InputError(f"{path} has no header: it begins with {who},{column}", remedy="put strategy,value in row 1")
    named = table[who].str.strip_chars().fill_null("")
    unnamed = pl.Series([not is_name(name) for name in named], dtype=pl.Boolean)
    _refuse_first(path, table, who, unnamed, "names no strategy", "give one row per strategy of the returns")
    figures = _numbers(path, table, column, above=None)
    beyond = pl.Series(np.abs(figures) > GREATEST_FIGURE)
    too_much = f"is beyond {GREATEST_FIGURE:,.0f}"
    _refuse_first(path, table, column, beyond, too_much, f"give the {what} as a decimal fraction")
    given = dict(zip(named.to_list(), figures.tolist(), strict=True))
    unknown = sorted(set(given) - set(strategies))
    if default is not None and unknown:
        raise InputError(
            f"{path} names {', '.join(unknown)}, not among the strategies with returns",
            remedy="correct the name, give the returns, too, or leave the row out",
        )
    missing = [name for name in strategies if math.isnan(given.get(name, math.nan))]
    wrong = ""
    if len(given) < table.height:
        wrong = "names a strategy twice"
    elif default is None and missing:
        wrong = f"no {what.split()[0]} for {', '.join(missing)}"
    elif any(name in given for name in missing):
        wrong = f"an empty {what.split()[0]} for {', '.join(name for name in missing if name in given)}"
    if wrong:
        raise InputError(f"{path}: {wrong}", remedy="give one row per strategy of the returns")
    found = given | {name: default for name in missing if default is not None}
    return np.array([found[name] for name in strategies])


def is_name(text: str) -> bool:
    """Whether it can name a strategy: something to see, and nothing that cannot be printed."""
    return bool(text) and text.isprintable()


def _read(path: Path, wanted: str) -> pl.DataFrame:
    """The table, all of it text. The header is read as a row, for polars would rename a name that comes twice."""
    remedy = f"give a CSV with {wanted}"
    text = _text(path, remedy)
    try:
        rows = pl.read_csv(io.BytesIO(text.encode()), has_header=False, infer_schema=False)
    except pl.exceptions.PolarsError:
        raise InputError(f"{path} cannot be read: {_what_is_wrong(text)}", remedy=remedy) from None
    if rows.width < HEADER_ROWS or rows.height < HEADER_ROWS:
        raise InputError(f"{path} has {rows.width} columns and {rows.height - 1} rows", remedy=remedy)
    first, *names = ((name or "").strip() for name in rows.row(0))
    header = [first or "date", *names]
    for place, name in enumerate(header, start=1):
        wrong = "" if is_name(name) else f"column {place} of the header is {name!r}, which is no name"
        if name in header[: place - 1]:
            wrong = f"the header names {name} twice"
        if wrong:
            raise InputError(f"{path}: {wrong}", remedy="give every column a name of its own")
    return rows.slice(1).rename(dict(zip(rows.columns, header, strict=True)))


def _text(path: Path, remedy: str) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", remedy=remedy) from None
    except OSError as unreadable:
        raise InputError(f"{path} cannot be read: {unreadable.strerror}", remedy=remedy) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as other:
        row = raw.count(b"\n", 0, other.start) + 1
        raise InputError(f"{path}, row {row}: not all of it is UTF-8", remedy="save it as CSV in UTF-8") from None


def _what_is_wrong(text: str) -> str:
    """Why polars could not read it, in words of ours; its own name options that nobody here has."""
    if not text.strip():
        return "it is empty"
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        width = len(next(rows))
        for number, row in enumerate(rows, start=HEADER_ROWS):
            if len(row) > width:
                return f"row {number} has {len(row)} cells, the header {width}"
    except csv.Error as wrong:
        return str(wrong)
    return "it is no table"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(
    path: Path, table: pl.DataFrame, name: str, above: float | None
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    text = table[name].str.strip_chars()
    blank = text.is_null() | (text == "")
    numbers = text.cast(pl.Float64, strict=False)
    bad = ~blank & ~numbers.is_finite().fill_null(value=False)
    _refuse_first(path, table, name, bad, "is no finite number", "write a decimal fraction, or leave the cell empty")
    if above is not None:
        low = (numbers <= above).fill_null(value=False)
        _refuse_first(path, table, name, low, f"is {above:g} or less", "returns are fractions: 0.01 is one percent")
    return numbers.fill_null(float("nan")).to_numpy()


def _refuse_first(path: Path, table: pl.DataFrame, column: str, bad: pl.Series, what: str, remedy: str) -> None:
    if bad.any():
        first = int(bad.arg_max() or 0)
        raise InputError(
            f"{path}, row {first + HEADER_ROWS}, column {column}: {table[column][first]!r} {what}", remedy=remedy
        )
