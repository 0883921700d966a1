"""Printed dates: which reading of them is the true one is decided by evidence, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

_CLOCK = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp][Mm])?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
_ISO = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERIC = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_CLOCK}")
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.?[ -](\d{1,2}),?[ -](\d{4})")
_NAMED_SECOND = re.compile(r"(\d{1,2})[ /-]([A-Za-z]{3,9})\.?,?[ /-](\d{4}|\d{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = ("january", "february", "march", "april", "may", "june")
_LONGER = ("july", "august", "september", "october", "november", "december")
_MONTH = {name: i % 12 + 1 for i, name in enumerate((*_MONTHS, *_LONG, *_LONGER))} | {"sept": 9}
_PIVOT = 69

Reader = Callable[[str], date | None]


@dataclass(frozen=True)
class Reading:
    """How the dates of a file read.

    Attributes
    ----------
    days : one per cell, None where the cell is no date in this reading.
    ambiguous : another reading fits as well and gives other days; ``other`` is its first differing day.
    position : index of the first cell that both readings take differently.
    other : what the other reading makes of it.
    """

    days: tuple[date | None, ...]
    ambiguous: bool = False
    position: int = 0
    other: date | None = None


def read_days(texts: Sequence[str], pattern: str | None) -> Reading:
    """Read a whole column at once.

    With ``pattern`` (strptime, from the manifest) only that. Otherwise cells that can only mean one day (2024-01-31,
    20240131, 31-Jan-2024) mean it, and for 01/02/2024 the order, the same throughout the file, is the one under which
    every cell is a day; if both orders are, the one under which the days stand in order, newest or oldest first.
    """
    if pattern is not None:
        return Reading(tuple(_by_pattern(text.strip(), pattern) for text in texts))
    day_first = tuple(_read(text.strip(), day_first=True) for text in texts)
    if not any(_NUMERIC.fullmatch(text.strip()) for text in texts):
        return Reading(day_first)
    month_first = tuple(_read(text.strip(), day_first=False) for text in texts)
    if day_first == month_first:
        return Reading(day_first)
    failures = day_first.count(None) - month_first.count(None)
    if failures:
        return Reading(day_first if failures < 0 else month_first)
    position = next(i for i, pair in enumerate(zip(day_first, month_first, strict=True)) if pair[0] != pair[1])
    if None not in day_first:
        in_order = (_ordered(day_first), _ordered(month_first))
        if in_order == (True, False):
            return Reading(day_first)
        if in_order == (False, True):
            return Reading(month_first)
    return Reading(day_first, ambiguous=None not in day_first, position=position, other=month_first[position])


def _ordered(days: Sequence[date | None]) -> bool:
    known = [day for day in days if day is not None]
    pairs = list(pairwise(known))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def _read(text: str, *, day_first: bool) -> date | None:
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        parts = found.groups()
        return _day(int(parts[0]), int(parts[-2]), int(parts[-1]))
    if found := _NUMERIC.fullmatch(text):
        first, second = int(found[1]), int(found[3])
        month, day = (second, first) if day_first else (first, second)
        return _day(_year(found[4]), month, day)
    if found := _NAMED_FIRST.fullmatch(text):
        return _day(int(found[3]), _MONTH.get(found[1].casefold(), 0), int(found[2]))
    if found := _NAMED_SECOND.fullmatch(text):
        return _day(_year(found[3]), _MONTH.get(found[2].casefold(), 0), int(found[1]))
    return None


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (1900 if year >= _PIVOT else 2000)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _by_pattern(text: str, pattern: str) -> date | None:
    try:
        return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None
