"""What a fund's or a client's holding was worth, day by day, and what went in and out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from fund_pipeline.accounts.performance.figures import EXACT, ZERO
from fund_pipeline.errors import InputError


class DayValue(NamedTuple):
    """One day, in one currency.

    Attributes
    ----------
    value : at the end of the day, after its flows and fees; None on a day that was not valued.
    inflow : what came in, 0 or more. It is at work from the start of the day.
    outflow : what went out, 0 or more. It is at work until the end of the day.
    fee : what was charged within the day, already taken from `value`. Net of fees it is a cost, gross it is not.
    """

    day: date
    value: Decimal | None
    inflow: Decimal = ZERO
    outflow: Decimal = ZERO
    fee: Decimal = ZERO


@dataclass(frozen=True)
class ValueSeries:
    """Days in their order, after an opening value: that at the end of the day before the first, 0 at inception.

    Days may be missing. A day without a value keeps that of the day before, with its flows: what it earned shows on the
    next day that is valued.
    """

    opening: Decimal
    days: tuple[DayValue, ...]

    def __post_init__(self) -> None:
        before = date.min
        for day, _, inflow, outflow, _ in self.days:
            if day <= before:
                raise InputError(f"day {day} follows {before}", remedy="give each day once, in order")
            if (inflow and inflow < ZERO) or (outflow and outflow < ZERO):
                name, amount = ("inflow", inflow) if inflow < ZERO else ("outflow", outflow)
                raise InputError(f"{name} of {day} is {amount}", remedy="state what goes the other way as the other")
            before = day

    @property
    def first(self) -> date:
        """The first day. InputError without days."""
        return self._known()[0].day

    @property
    def last(self) -> date:
        """The last day. InputError without days."""
        return self._known()[-1].day

    @property
    def length(self) -> int:
        """Calendar days, from the start of the first to the end of the last."""
        return (self.last - self.first).days + 1

    @property
    def closing(self) -> Decimal:
        """The value at the end of the last day."""
        if not self.days:
            return self.opening
        last = self.days[-1].value
        return self.carried[-1] if last is None else last

    @cached_property
    def carried(self) -> tuple[Decimal, ...]:
        """The value at the end of each day; of one not valued, that of the day before with its flows."""
        values, value = [], self.opening
        for one in self.days:
            value = EXACT.subtract(EXACT.add(value, one.inflow), paid_out(one)) if one.value is None else one.value
            values.append(value)
        return tuple(values)

    def between(self, first: date, last: date) -> ValueSeries:
        """The days from `first` to `last`, both in it."""
        start, end = bisect_left(self._dates, first), bisect_right(self._dates, last)
        opening = self.opening if start == 0 else self.carried[start - 1]
        return ValueSeries(opening, self.days[start:end])

    @cached_property
    def _dates(self) -> list[date]:
        return [one.day for one in self.days]

    def _known(self) -> tuple[DayValue, ...]:
        if not self.days:
            raise InputError("a series of values has no day", remedy="value at least one day first")
        return self.days


def paid_out(one: DayValue) -> Decimal:
    """What left in the day, fees too."""
    return EXACT.add(one.outflow, one.fee) if one.fee else one.outflow


def day_before(day: date) -> date:
    """The day at whose end a day begins."""
    return day - timedelta(days=1)
