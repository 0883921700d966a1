"""Returns and margins as a quant has them at hand: one wide table, one short list."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InputError

HEADER_ROWS = 2
"""Row number, as an editor shows it, of the first row below the header."""


def read_wide_returns(path: Path) -> ReturnsMatrix:
    """A CSV with the date first, then one column of decimal daily returns per strategy; an empty cell is no return.

    InputError names the file, row, column, value and fix: no table, no strategy, a date that is missing or not after
    the one before, a cell that is no finite number, a return of −1 or less.
    """
    table = _read(path, "the date first, then one column of decimal daily returns per strategy")
    day, *names = table.columns
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
    """A CSV of strategy and one figure, shape (N,) in the order of `strategies`; names that are not theirs are ignored.

    InputError names a strategy that stands there twice, that has no figure where there is no default, or whose figure
    is no finite number.

    Parameters
    ----------
    what : the figure in words, for the errors.
    default : the figure of strategies the file does not name.
    """
    table = _read(path, f"two columns: strategy, and its {what}")
    who, column = table.columns[:2]
    given = dict(zip(table[who].to_list(), _numbers(path, table, column, above=None).tolist(), strict=True))
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


def _read(path: Path, wanted: str) -> pl.DataFrame:
    try:
        table = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", remedy=f"name a CSV with {wanted}") from None
    except (pl.exceptions.PolarsError, OSError) as unreadable:
        raise InputError(f"{path} cannot be read: {unreadable}", remedy=f"give a CSV with {wanted}") from None
    if table.width < HEADER_ROWS or not table.height:
        raise InputError(
            f"{path} has {table.width} columns and {table.height} rows", remedy=f"give a CSV with {wanted}"
        )
    return table


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
