"""Modified Dietz: the return of a period from its two values and its flows, where the days between are not valued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.accounts.performance.figures import EXACT, ZERO, Figure, NotDefined
from fund_pipeline.errors import InputError


@dataclass(frozen=True)
class PeriodFlow:
    """Money that came in (above 0) or went out (below 0) on the `day`-th day of a period, counted from 1."""

    day: int
    amount: Decimal


def average_capital(start: Decimal, flows: Iterable[PeriodFlow], days: int) -> Decimal:
    """The value before the first day, and the flows weighted by the share of the period they were at work.

    What comes in counts from the start of its day, (days - day + 1) / days; what goes out until its end,
    (days - day) / days.

    Parameters
    ----------
    days : calendar days of the period.

    Raises
    ------
    InputError : a flow outside the period.
    """
    weighted = start
    for one in flows:
        if not 1 <= one.day <= days:
            raise InputError(f"a flow is on day {one.day} of a period of {days}", remedy="count the days from 1")
        worked = days - one.day + (1 if one.amount > 0 else 0)
        weighted = EXACT.add(weighted, EXACT.divide(EXACT.multiply(one.amount, Decimal(worked)), Decimal(days)))
    return weighted


def modified_dietz(start: Decimal, end: Decimal, flows: Sequence[PeriodFlow], days: int) -> Figure:
    """(end - start - flows) / average capital.

    P. O. Dietz (1966); GIPS, "Guidance statement on calculation methodology".

    Parameters
    ----------
    start, end : the values before the first day and after the last.
    days : calendar days of the period.

    Raises
    ------
    InputError : a flow outside the period.
    """
    capital, net = average_capital(start, flows, days), ZERO
    for one in flows:
        net = EXACT.add(net, one.amount)
    if capital <= 0:
        return NotDefined.NO_CAPITAL
    return EXACT.divide(EXACT.subtract(EXACT.subtract(end, start), net), capital)
