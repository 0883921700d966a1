"""A benchmark from a CSV file: what it holds by segment at the start of each period, and what that returns over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from fund_pipeline.accounts.csv_rows import Row, read_rows
from fund_pipeline.accounts.flow_entry import Exact, Words
from fund_pipeline.accounts.limits import first_problem
from fund_pipeline.accounts.performance import Stake
from fund_pipeline.accounts.performance.days import day_before
from fund_pipeline.errors import InputError

COLUMNS = ("from", "to", "segment", "weight", "return")


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("write a day as 2026-03-31") from None


Day = Annotated[date, BeforeValidator(_day), Field(gt=date.min, lt=date.max)]
Share = Annotated[Decimal, Exact, Field(max_digits=25, decimal_places=20)]


class BenchmarkRow(BaseModel):
    """One segment in one period: from the start of `from` to the end of `to`. Weight and return are decimals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    segment: Words = Field(min_length=1, max_length=100)
    weight: Share
    earned: Share = Field(alias="return", ge=-1)


@dataclass(frozen=True)
class BenchmarkPeriod:
    """From the start of `first` to the end of `last`; the weights of the stakes, at the start, sum to 1."""

    first: date
    last: date
    stakes: Mapping[str, Stake]


def read_benchmark(path: Path) -> tuple[BenchmarkPeriod, ...]:
    """The periods of a file with the columns from, to, segment, weight, return; in their order, each after the other.

    InputError names the line or the period, the field, its value and the fix: a column that is missing or unknown, a
    value that is none, a segment twice in a period, weights that do not sum to 1, periods that overlap or leave days
    out, no row at all.
    """
    found: dict[tuple[date, date], dict[str, Stake]] = {}
    for line, given in read_rows(path, COLUMNS):
        row = _row(path, (line, given))
        stakes = found.setdefault((row.first, row.last), {})
        if row.segment in stakes:
            raise InputError(
                f"{path}, line {line}: segment is {row.segment!r}, a second time from {row.first} to {row.last}",
                remedy="give each segment once in a period",
            )
        stakes[row.segment] = Stake(row.weight, row.earned)
    if not found:
        raise InputError(f"{path} has no row", remedy=f"give a row for each period and segment: {', '.join(COLUMNS)}")
    periods = [BenchmarkPeriod(*span, stakes) for span, stakes in sorted(found.items())]
    for one in periods:
        _refuse_weights(path, one)
    for before, after in pairwise(periods):
        _refuse_apart(path, before, after)
    return tuple(periods)


def periods_between(
    periods: Sequence[BenchmarkPeriod], first: date | None, last: date | None
) -> tuple[BenchmarkPeriod, ...]:
    """Those from a day to another. InputError where a period reaches over one of these days, or none is between."""
    start, end = first or date.min, last or date.max
    found = tuple(one for one in periods if one.last >= start and one.first <= end)
    for one in found:
        if one.first < start or one.last > end:
            name, day = ("--from", first) if one.first < start else ("--to", last)
            raise InputError(
                f"{name} is {day}: within the benchmark's period from {one.first} to {one.last}",
                remedy="choose the first and the last day of periods: one cannot be told apart by its days",
            )
    if not found:
        raise InputError(
            f"the benchmark has no period from {first or 'its first day'} to {last or 'its last'}",
            remedy=f"choose days from {periods[0].first} to {periods[-1].last}",
        )
    return found


def _row(path: Path, given: Row) -> BenchmarkRow:
    line, cells = given
    try:
        row = BenchmarkRow.model_validate(cells)
    except ValidationError as invalid:
        raise InputError(
            f"{path}, line {line}: {first_problem(invalid)}",
            remedy="give days as 2026-03-31, weight and return as decimals: 0.05 is 5 %",
        ) from None
    if row.last < row.first:
        raise InputError(f"{path}, line {line}: to is {row.last}, before from, {row.first}", remedy="correct the days")
    return row


def _refuse_weights(path: Path, one: BenchmarkPeriod) -> None:
    total = sum((stake.weight for stake in one.stakes.values()), Decimal(0))
    if total != 1:
        raise InputError(
            f"{path}: weight of all segments from {one.first} to {one.last} is {total}, not 1",
            remedy="give every segment of the period, CASH too, as decimals that sum to 1",
        )


def _refuse_apart(path: Path, before: BenchmarkPeriod, after: BenchmarkPeriod) -> None:
    if day_before(after.first) != before.last:
        what = "overlaps" if after.first <= before.last else "does not follow"
        raise InputError(
            f"{path}: from is {after.first}: the period {what} the one from {before.first} to {before.last}",
            remedy=f"let it begin on {before.last + timedelta(days=1)}, or correct the one before",
        )
