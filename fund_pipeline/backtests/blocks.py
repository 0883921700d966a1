"""Files that share their days and their terms, judged together: rows of one table instead of one file at a time.

Only the verdict "admitted, and nothing to say about any cell" is given here, by the very functions that judge a file
alone. Whatever falls short of it in any test gets no verdict, and is judged alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fund_pipeline.backtests.agreement import Implied, agrees, implied_returns
from fund_pipeline.backtests.consistency import least_equity, mostly, moving, steps_hold
from fund_pipeline.backtests.judging import Terms, admitted, short, starts_at
from fund_pipeline.backtests.model import Backtest, Column, Days, Flags, Floats, Lines, Unit
from fund_pipeline.backtests.scan import SourceFile
from fund_pipeline.backtests.series import Series, printed_decimals_of, shift_decimals
from fund_pipeline.backtests.sessions import check_sessions, trading_sessions
from fund_pipeline.backtests.units import decided, votes


@dataclass(frozen=True, eq=False)
class Block:
    """The plain numbers of k files with the same columns and the same n days.

    Attributes
    ----------
    files : k files whose manifests state the same unit, start capital and calendar.
    dates : datetime64[D], shape (n,), strictly increasing.
    rows : int64, shape (n,); line of each day in every one of the files.
    values : float64, shape (k, n), all finite, for RETURN as printed and whichever other columns there are.
    names : header of every column as printed.
    """

    files: Sequence[SourceFile]
    dates: Days
    rows: Lines
    values: Mapping[Column, Floats]
    names: Mapping[Column, str]
    _decimals: dict[Column, list[int | None]] = field(default_factory=dict)

    def get(self, column: Column) -> Floats | None:
        """A column's numbers, shape (k, n), or None where the files lack it."""
        return self.values.get(column)

    def decimals(self, column: Column) -> list[int | None]:
        """Decimals each file's column was printed with, as ``printed_decimals``; worked out once."""
        if column not in self._decimals:
            self._decimals[column] = printed_decimals_of(self.values[column])
        return self._decimals[column]

    def printed_unit(self, column: Column) -> Floats:
        """One unit of the last printed decimal in each file, shape (k, 1); 0 where printed in full."""
        return np.array([[0.0 if found is None else 10.0**-found] for found in self.decimals(column)])

    def series(self, i: int) -> Series:
        """The numbers of one file."""
        return Series(self.dates, self.rows, {column: found[i] for column, found in self.values.items()}, self.names)


def judge_block(block: Block, terms: Terms) -> list[Backtest | None]:
    """Every file's backtest, or None where it must be judged alone."""
    undecided: list[Backtest | None] = [None] * len(block.files)
    stated = block.files[0].manifest
    implied = implied_returns(block, stated.start_capital)
    if implied is None or block.dates[-1] > np.datetime64(terms.today, "D"):
        return undecided
    printed = block.values[Column.RETURN]
    decimal, percent = votes(block, printed, implied)
    speaking = np.stack([decimal.any(axis=1), percent.any(axis=1)])
    sure = (speaking.sum(axis=0) == 1) & _moves_as_told(block, stated.start_capital)
    units = [Unit.DECIMAL if says else Unit.PERCENT for says in speaking[0]]
    returns = np.stack(
        [
            shift_decimals(row, unit.places, decimals)
            for row, unit, decimals in zip(printed, units, block.decimals(Column.RETURN), strict=True)
        ]
    )
    last = block.printed_unit(Column.RETURN) / np.array([[10.0**unit.places] for unit in units])
    sure &= (returns > -1.0).all(axis=1)
    sure &= (agrees(implied, returns, last) | ~np.isfinite(implied.returns)).all(axis=1)
    asked = {unit for unit in (stated.unit, terms.unit) if unit is not None}
    calendar = stated.calendar or terms.default_calendar
    held = check_sessions(
        block.dates, block.rows, block.names[Column.DATE], trading_sessions(calendar, terms.today.year)
    )
    warnings = [*held.findings, *short(len(block.dates))]
    for i in np.flatnonzero(sure).tolist():
        if asked <= {units[i]}:
            series = block.series(i)
            days = decimal[i] if units[i] is Unit.DECIMAL else percent[i]
            decision = decided(series, _row(implied, i), units[i], days)
            undecided[i] = admitted(series, block.files[i], calendar, decision, returns[i], warnings)
    return undecided


def _moves_as_told(block: Block, start: float | None) -> Flags:
    """Whether equity is above 0, begins at the stated capital and moves from day to day as PnL or returns say."""
    sure = np.ones(len(block.files), dtype=np.bool_)
    equity, pnl = block.get(Column.EQUITY), block.get(Column.PNL)
    if equity is None:
        return sure
    sure &= (least_equity(equity, pnl) > 0).all(axis=1)
    if pnl is None:
        hold = steps_hold(block, equity, block.values[Column.RETURN])
        return sure & mostly(hold, moving(block, equity))
    sure &= steps_hold(block, equity, pnl).all(axis=1)
    if start is not None:
        sure &= np.array([starts_at(float(first), start) for first in equity[:, 0] - pnl[:, 0]])
    return sure


def _row(implied: Implied, i: int) -> Implied:
    return Implied(implied.source, implied.returns[i], implied.base[i], implied.tolerance[i])
