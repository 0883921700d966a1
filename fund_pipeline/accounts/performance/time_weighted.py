"""Time-weighted return: what a unit of money earned, whatever came in and went out.

CFA Institute, Global Investment Performance Standards (2020), "Guidance statement on calculation methodology": the
portfolio is valued whenever money flows, and the returns in between are linked geometrically. Here every day is
valued; money is taken in at the start of a day and paid out at its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.accounts.performance.days import ValueSeries, paid_out
from fund_pipeline.accounts.performance.figures import EXACT, ONE, YEAR, ZERO, Figure, NotDefined


class Basis(StrEnum):
    """Whether fees are counted as a cost."""

    GROSS = "GROSS"
    NET = "NET"


@dataclass(frozen=True)
class DailyReturn:
    """The return of one valued day, a decimal; or why it has none."""

    day: date
    value: Figure


def daily_returns(series: ValueSeries, basis: Basis = Basis.NET) -> tuple[DailyReturn, ...]:
    """The return of each day that has one: (value + outflow) / (value before + inflow) - 1; gross adds the fee above.

    A day without a value has none, and one on which nothing was held at either end has none. One that began with
    nothing, or less, at work is NO_CAPITAL; one that ended below zero is BELOW_ZERO.
    """
    found, before = [], series.opening
    for one in series.days:
        start = EXACT.add(before, one.inflow) if one.inflow else before
        if one.value is None:
            before = EXACT.subtract(start, paid_out(one))
            continue
        out = one.outflow if basis is Basis.NET else paid_out(one)
        end = EXACT.add(one.value, out) if out else one.value
        if start or end:
            found.append(DailyReturn(one.day, _return(start, end)))
        before = one.value
    return tuple(found)


def _return(start: Decimal, end: Decimal) -> Figure:
    if start <= 0:
        return NotDefined.NO_CAPITAL
    if end < 0:
        return NotDefined.BELOW_ZERO
    return EXACT.subtract(EXACT.divide(end, start), ONE)


def link(returns: Iterable[Figure]) -> Figure:
    """Returns that follow each other, as one: the product of (1 + r), less 1; not defined where one of them is not."""
    growth, count = ONE, 0
    for one in returns:
        if isinstance(one, NotDefined):
            return one
        growth, count = EXACT.multiply(growth, EXACT.add(ONE, one)), count + 1
    return EXACT.subtract(growth, ONE) if count else NotDefined.NO_DAYS


def time_weighted(series: ValueSeries, basis: Basis = Basis.NET) -> Figure:
    """The return of the whole series, not annualised: that of its daily returns, linked.

    Where a day begins with what the day before ended with, the two cancel; so what is multiplied is the growth from one
    flow to the next.
    """
    growth, began, ended = ONE, None, ZERO
    before, gross = series.opening, basis is Basis.GROSS
    for _, value, inflow, outflow, fee in series.days:
        start = EXACT.add(before, inflow) if inflow else before
        if value is None:
            before = EXACT.subtract(start, EXACT.add(outflow, fee))
            continue
        before = end = value
        if outflow:
            end = EXACT.add(end, outflow)
        if gross and fee:
            end = EXACT.add(end, fee)
        if not start and not end:
            continue
        if start <= 0:
            return NotDefined.NO_CAPITAL
        if end < 0:
            return NotDefined.BELOW_ZERO
        if began is None:
            began = start
        elif start != ended:
            growth, began = EXACT.multiply(growth, EXACT.divide(ended, began)), start
        ended = end
    if began is None:
        return NotDefined.NO_DAYS
    return EXACT.subtract(EXACT.multiply(growth, EXACT.divide(ended, began)), ONE)


def annualised(figure: Figure, days: int) -> Figure:
    """A return over so many calendar days, a year: (1 + r) ** (365 / days) - 1; not for a year or less (TOO_SHORT).

    A period of less than a year is never annualised (GIPS 2020, provision 2.A.30).
    """
    if isinstance(figure, NotDefined):
        return figure
    if days <= YEAR + 1:
        return NotDefined.TOO_SHORT
    growth = EXACT.add(ONE, figure)
    if growth == ZERO:
        return figure
    return EXACT.subtract(EXACT.power(growth, EXACT.divide(Decimal(YEAR), Decimal(days))), ONE)
