"""The market's daily returns, from a file of closes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InputError

COLUMNS = 2


def read_market_returns(path: Path) -> ReturnsMatrix:
    """Close-to-close decimal returns of the one instrument in a CSV of `date`, then closes; the first day has none.

    InputError names the file, the row, the column, the value and the fix: unreadable, not two columns, a date that is
    missing, repeated or not in order, a close that is not a number above 0, fewer than two rows.
    """
    remedy = "give a CSV with the header date,NAME and one close per day, oldest first (FUND_MARKET_PRICES)"
    try:
        table = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", remedy=remedy) from None
    except (pl.exceptions.PolarsError, OSError) as unreadable:
        raise InputError(f"{path} cannot be read: {unreadable}", remedy=remedy) from None
    if table.width != COLUMNS or table.height < COLUMNS:
        raise InputError(f"{path} has {table.width} columns and {table.height} rows", remedy=remedy)
    day, name = table.columns
    dates = table[day].str.to_date("%Y-%m-%d", strict=False)
    closes = table[name].cast(pl.Float64, strict=False)
    steps = dates.diff().dt.total_days().fill_null(1)
    _refuse(path, table, day, dates.is_null(), "is not an ISO date", remedy)
    _refuse(path, table, day, steps <= 0, "does not come after the row before", remedy)
    bad_close = closes.is_null() | ~closes.is_finite() | (closes <= 0)
    _refuse(path, table, name, bad_close.fill_null(value=True), "is not a close above 0", remedy)
    prices = closes.to_numpy()
    returns = prices[1:] / prices[:-1] - 1.0
    return ReturnsMatrix(dates.to_numpy().astype("datetime64[D]")[1:], (name,), np.ascontiguousarray(returns[:, None]))


def _refuse(path: Path, table: pl.DataFrame, column: str, bad: pl.Series, what: str, remedy: str) -> None:
    first = bad.arg_max()
    if first is not None and bad[first]:
        value = table[column][first]
        raise InputError(f"{path}, row {first + 2}, column {column}: {value!r} {what}", remedy=remedy)


def align_to(
    market: ReturnsMatrix, dates: np.ndarray[tuple[int], np.dtype[np.datetime64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The market's return on each of these days, shape (len(dates),); NaN where there is none."""
    aligned = np.full(len(dates), np.nan)
    position = np.searchsorted(market.dates, dates)
    inside = position < len(market.dates)
    found = np.zeros(len(dates), dtype=bool)
    found[inside] = market.dates[position[inside]] == dates[inside]
    aligned[found] = market.values[position[found], 0]
    return aligned
