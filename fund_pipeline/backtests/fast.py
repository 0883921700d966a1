"""Clean files many at a time: one parse for a chunk of files, then the same judgement as anywhere else.

Only files in the plain form are taken: the usual header with the date first, ISO dates in order, bare numbers, no
blanks. Whatever is not so, or is not admitted without a doubt about a cell, is left to the careful path, which alone
writes findings about cells. So both paths give the same verdicts by construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from fund_pipeline.backtests.blocks import Block, judge_block
from fund_pipeline.backtests.cleaning import EARLIEST, LEAST_ROWS
from fund_pipeline.backtests.columns import Layout, layout
from fund_pipeline.backtests.judging import Terms, judge
from fund_pipeline.backtests.model import Backtest, Column, Days, FindingCode, Flags, Floats, Refusal
from fund_pipeline.backtests.scan import SourceFile
from fund_pipeline.backtests.series import Series

_DATE_WIDTH = 10
_DASHES = (4, 7)
_REMEMBERED = 64
_TOGETHER = 32
"""Files judged at once: so many that numpy is busy, so few that their numbers stay in the processor's cache."""
_ABOUT_CELLS = frozenset({FindingCode.EQUITY_GAP, FindingCode.START_CAPITAL_DIFFERS})


@dataclass
class DateMemory:
    """Date columns met before: most strategies share theirs, and each distinct one is parsed once. Threads share it."""

    known: dict[bytes, Days | None] = field(default_factory=dict)

    def read(self, printed: bytes) -> Days | None:
        """Days of ten-byte ISO dates run together; None where one is no date or they do not strictly rise or fall."""
        if printed in self.known:
            return self.known[printed]
        days = _parse_days(printed)
        if len(self.known) < _REMEMBERED:
            days = self.known.setdefault(printed, days)
        return days


@dataclass(frozen=True, eq=False)
class Plain:
    """A file in the plain form, cut into what the joint parse needs."""

    file: SourceFile
    header: bytes
    plan: Layout
    body: memoryview
    days: Days

    @property
    def form(self) -> tuple[object, ...]:
        """What files must share to be parsed together."""
        return (self.header, *self.plan.at.items())

    @property
    def terms(self) -> tuple[object, ...]:
        """What files of one form must share to be judged together."""
        stated = self.file.manifest
        return (id(self.days), stated.unit, stated.start_capital, stated.calendar)


def parse_plain(plain: Sequence[Plain]) -> list[Block]:
    """Parse files together; those with a cell that is no number are in no block."""
    forms: dict[object, dict[object, list[Plain]]] = {}
    for one in plain:
        forms.setdefault(one.form, {}).setdefault(one.terms, []).append(one)
    return [block for groups in forms.values() for block in _parse_together(list(groups.values()))]


def judge_plain(blocks: Sequence[Block], terms: Terms) -> dict[Path, Backtest]:
    """The backtests of all files that are beyond doubt; the careful path must look at the others."""
    found: dict[Path, Backtest] = {}
    for block in blocks:
        for i, (file, together) in enumerate(zip(block.files, judge_block(block, terms), strict=True)):
            backtest = together or _judge_alone(block.series(i), file, terms)
            if backtest is not None:
                found[file.path] = backtest
    return found


def _judge_alone(series: Series, file: SourceFile, terms: Terms) -> Backtest | None:
    try:
        backtest = judge(series, file, terms)
    except Refusal:
        return None  # not swallowed: the careful path meets the same error and names the cell as printed
    return None if any(finding.code in _ABOUT_CELLS for finding in backtest.findings) else backtest


def cut_plain(file: SourceFile, data: bytes, memory: DateMemory) -> Plain | None:
    """A file's bytes made ready for the joint parse; None where it is not in the plain form."""
    manifest = file.manifest
    if file.path.suffix.lower() != ".csv" or manifest.date_format is not None or manifest.decimal_mark is not None:
        return None
    end = data.find(b"\n")
    header = data[:end].rstrip(b"\r")
    if end < 0 or b'"' in data or not header.isascii():
        return None
    if data.count(b"\r") != data.count(b"\r\n"):
        return None  # alone, it ends a row too
    plan = _plain_layout(header, tuple(manifest.columns.items()))
    if plan is None:
        return None
    body = memoryview(data if data.endswith(b"\n") else data + b"\n")[end + 1 :]
    days = _days(body, plan.width, memory)
    return None if days is None else Plain(file, header, plan, body, days)


@lru_cache(maxsize=256)
def _plain_layout(header: bytes, stated: tuple[tuple[Column, str], ...]) -> Layout | None:
    """Where the columns stand, when every one of them is known and the date is first."""
    try:
        plan = layout(header.decode("ascii").split(","), dict(stated), 1)
    except Refusal:
        return None
    return plan if len(plan.at) == plan.width and plan.at[Column.DATE] == 0 else None


def _days(body: memoryview, width: int, memory: DateMemory) -> Days | None:
    """The date column, where every line has exactly the header's number of commas in all and begins with ten bytes."""
    letters = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    if len(ends) < LEAST_ROWS or np.count_nonzero(letters == ord(",")) != len(ends) * (width - 1):
        return None
    starts = np.concatenate([[0], ends[:-1] + 1])
    if ((ends - starts) <= _DATE_WIDTH).any() or (letters[starts + _DATE_WIDTH] != ord(",")).any():
        return None
    # Ten bytes from every position, as one item each, of which the beginnings of lines are taken.
    windows = np.ndarray(len(letters) - _DATE_WIDTH, dtype=f"V{_DATE_WIDTH}", buffer=body, strides=(1,))
    return memory.read(windows[starts].tobytes())


def _parse_days(printed: bytes) -> Days | None:
    letters = np.frombuffer(printed, dtype=np.uint8).reshape(-1, _DATE_WIDTH)
    digits = np.delete(letters, _DASHES, axis=1)
    if (letters[:, _DASHES] != ord("-")).any() or (digits < ord("0")).any() or (digits > ord("9")).any():
        return None
    try:
        days: Days = np.frombuffer(printed, dtype=f"S{_DATE_WIDTH}").astype("U").astype("datetime64[D]")
    except ValueError:
        return None  # such as 2024-02-30: the careful path names it
    if days.min() < EARLIEST:
        return None
    steps = np.diff(days.astype(np.int64))
    return days if (steps > 0).all() or (steps < 0).all() else None


def _parse_together(groups: Sequence[Sequence[Plain]]) -> Iterator[Block]:
    """Parse files of one form in one go; each group, whose files share days and terms, becomes blocks.

    Files with a cell that is no number are left out.
    """
    plan = groups[0][0].plan
    schema: dict[str, type[pl.DataType]] = {
        str(column): pl.String if column is Column.DATE else pl.Float64
        for column, _ in sorted(plan.at.items(), key=lambda pair: pair[1])
    }
    frame = pl.read_csv(
        b"".join(one.body for group in groups for one in group),
        has_header=False,
        schema=schema,
        columns=sorted(at for column, at in plan.at.items() if column is not Column.DATE),
        quote_char=None,
        ignore_errors=True,  # a cell that is no number becomes null, and its file goes the careful way
        truncate_ragged_lines=True,  # commas were counted: a longer line has a shorter one, with nulls, beside it
    )
    if frame.height != sum(len(one.days) for group in groups for one in group):
        return
    numbers = {Column(name): frame[name].to_numpy() for name in frame.columns}  # null is NaN
    first = 0
    for group in groups:
        for start in range(0, len(group), _TOGETHER):
            members = group[start : start + _TOGETHER]
            last = first + len(members) * len(members[0].days)
            block = _block(members, {column: found[first:last] for column, found in numbers.items()})
            first = last
            if block.files:
                yield block


def _block(members: Sequence[Plain], numbers: dict[Column, Floats]) -> Block:
    days = members[0].days
    table = {column: found.reshape(len(members), len(days)) for column, found in numbers.items()}
    clean: Flags = np.all([np.isfinite(found.sum(axis=1)) for found in table.values()], axis=0)
    for column in (Column.MARGIN, Column.NOTIONAL):
        if column in table:
            clean &= table[column].min(axis=1) >= 0  # a sign is for the careful path to name
    if not clean.all():
        table = {column: found[clean] for column, found in table.items()}
    rows = np.arange(2, len(days) + 2, dtype=np.int64)
    if days[0] > days[-1]:
        days, rows, table = days[::-1], rows[::-1], {column: found[:, ::-1] for column, found in table.items()}
    files = [one.file for one, good in zip(members, clean, strict=True) if good]
    return Block(files, days, rows, table, members[0].plan.names)
