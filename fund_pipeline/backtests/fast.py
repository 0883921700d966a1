"""Clean files many at a time: one parse for a chunk of files, then the same judgement as anywhere else.

Only files in the plain form are taken: the usual header with the date first, ISO dates in order, bare numbers, no
blanks. Whatever is not so, or is not admitted without a doubt about a cell, is left to the careful path, which alone
writes findings about cells. So both paths give the same verdicts by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import polars as pl

from fund_pipeline.backtests.careful import read_unchanged
from fund_pipeline.backtests.cleaning import LEAST_ROWS
from fund_pipeline.backtests.columns import Layout, layout
from fund_pipeline.backtests.judging import Terms, judge
from fund_pipeline.backtests.model import Backtest, Column, Days, FindingCode, Flags, Floats, Refusal
from fund_pipeline.backtests.scan import SourceFile
from fund_pipeline.backtests.series import Series

_DATE_WIDTH = 10
_DASHES = (4, 7)
_REMEMBERED = 64
_ABOUT_CELLS = frozenset({FindingCode.EQUITY_GAP, FindingCode.START_CAPITAL_DIFFERS})


@dataclass
class DateMemory:
    """Date columns met before: most strategies share theirs, and each distinct one is parsed once."""

    known: dict[bytes, Days | None] = field(default_factory=dict)

    def read(self, printed: bytes) -> Days | None:
        """Days of ten-byte ISO dates run together; None where one is no date or they do not strictly rise or fall."""
        if printed not in self.known:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            self.known[printed] = _parse_days(printed)
        return self.known[printed]


@dataclass(frozen=True, eq=False)
class _Plain:
    """A file in the plain form, cut into what the joint parse needs."""

    header: bytes
    plan: Layout
    body: bytes
    days: Days


def parse_chunk(files: Sequence[SourceFile], memory: DateMemory) -> list[Series | None]:
    """Parse the plain files of a chunk together; None for each file that needs the careful path."""
    plain = [_plain(file, memory) for file in files]
    parsed: list[Series | None] = [None] * len(files)
    groups: dict[tuple[bytes, tuple[tuple[Column, int], ...]], list[int]] = {}
    for i, one in enumerate(plain):
        if one is not None:
            groups.setdefault((one.header, tuple(one.plan.at.items())), []).append(i)
    for members in groups.values():
        chosen = [one for i in members if (one := plain[i]) is not None]
        for i, series in zip(members, _parse_together(chosen), strict=True):
            parsed[i] = series
    return parsed


def judge_plain(series: Series | None, file: SourceFile, terms: Terms) -> Backtest | None:
    """Judge a series of the fast parse; None where the careful path must look at the file."""
    if series is None:
        return None
    try:
        backtest = judge(series, file, terms)
    except Refusal:
        return None  # not swallowed: the careful path meets the same error and names the cell as printed
    return None if any(finding.code in _ABOUT_CELLS for finding in backtest.findings) else backtest


def _plain(file: SourceFile, memory: DateMemory) -> _Plain | None:
    manifest = file.manifest
    if file.path.suffix.lower() != ".csv" or manifest.date_format is not None or manifest.decimal_mark is not None:
        return None
    try:
        data = read_unchanged(file)
    except Refusal:
        return None  # met again, and reported, on the careful path
    end = data.find(b"\n")
    header = data[:end].rstrip(b"\r")
    if end < 0 or b'"' in data or not header.isascii():
        return None
    plan = _plain_layout(header, tuple(manifest.columns.items()))
    if plan is None:
        return None
    body = data[end + 1 :] if data.endswith(b"\n") else data[end + 1 :] + b"\n"
    days = _days(body, plan.width, memory)
    return None if days is None else _Plain(header, plan, body, days)


@lru_cache(maxsize=256)
def _plain_layout(header: bytes, stated: tuple[tuple[Column, str], ...]) -> Layout | None:
    """Where the columns stand, when every one of them is known and the date is first."""
    try:
        plan = layout(header.decode("ascii").split(","), dict(stated), 1)
    except Refusal:
        return None
    return plan if len(plan.at) == plan.width and plan.at[Column.DATE] == 0 else None


def _days(body: bytes, width: int, memory: DateMemory) -> Days | None:
    """The date column, where every line has exactly the header's number of commas in all and begins with ten bytes."""
    letters = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) < LEAST_ROWS or np.count_nonzero(letters == ord(",")) != len(ends) * (width - 1):
        return None
    starts = np.concatenate([[0], ends[:-1] + 1])
    if ((ends - starts) <= _DATE_WIDTH).any() or (letters[starts + _DATE_WIDTH] != ord(",")).any():
        return None
    return memory.read(np.lib.stride_tricks.sliding_window_view(letters, _DATE_WIDTH)[starts].tobytes())


def _parse_days(printed: bytes) -> Days | None:
    letters = np.frombuffer(printed, dtype=np.uint8).reshape(-1, _DATE_WIDTH)
    digits = np.delete(letters, _DASHES, axis=1)
    if (letters[:, _DASHES] != ord("-")).any() or (digits < ord("0")).any() or (digits > ord("9")).any():
        return None
    try:
        days: Days = np.frombuffer(printed, dtype=f"S{_DATE_WIDTH}").astype("U").astype("datetime64[D]")
    except ValueError:
        return None  # such as 2024-02-30: the careful path names it
    steps = np.diff(days.astype(np.int64))
    return days if (steps > 0).all() or (steps < 0).all() else None


def _parse_together(group: Sequence[_Plain]) -> list[Series | None]:
    plan = group[0].plan
    names = {str(column): column for column in plan.at}
    schema: dict[str, type[pl.DataType]] = {
        str(column): pl.String if column is Column.DATE else pl.Float64
        for column, _ in sorted(plan.at.items(), key=lambda pair: pair[1])
    }
    frame = pl.read_csv(
        b"".join(one.body for one in group),
        has_header=False,
        schema=schema,
        columns=sorted(at for column, at in plan.at.items() if column is not Column.DATE),
        quote_char=None,
        ignore_errors=True,  # a cell that is no number becomes null, and its file goes the careful way
        truncate_ragged_lines=True,  # commas were counted: a longer line has a shorter one, with nulls, beside it
    )
    lengths = [len(one.days) for one in group]
    if frame.height != sum(lengths):
        return [None] * len(group)
    numbers = {names[name]: frame[name].fill_null(float("nan")).to_numpy() for name in frame.columns}
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    sums = [np.add.reduceat(values, bounds[:-1]) for values in numbers.values()]
    clean: Flags = np.all(np.isfinite(sums), axis=0)
    return [
        _series(one, {column: values[first:last] for column, values in numbers.items()}) if good else None
        for one, first, last, good in zip(group, bounds[:-1], bounds[1:], clean, strict=True)
    ]


def _series(one: _Plain, values: dict[Column, Floats]) -> Series:
    rows = np.arange(2, len(one.days) + 2, dtype=np.int64)
    if one.days[0] < one.days[-1]:
        return Series(one.days, rows, values, one.plan.names)
    return Series(one.days[::-1], rows[::-1], {column: found[::-1] for column, found in values.items()}, one.plan.names)
