"""What a position had at work in a period: its value at the start, and what trades added, by the days it was there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from fund_pipeline.accounts.performance.figures import EXACT, ZERO


@dataclass(frozen=True)
class Trade:
    """A trade on the `day`-th day of a period, counted from 1.

    Attributes
    ----------
    quantity : above zero bought, below zero sold; 0 only of an entry.
    value : quantity times price, without costs, in the fund's currency.
    is_entry : it corrects the books, as for a split: what is held and its cost are so from the start of its day, and
        nothing was traded.
    """

    day: int
    quantity: Decimal
    value: Decimal
    is_entry: bool = False


def position_capital(quantity: Decimal, value: Decimal, trades: Iterable[Trade], days: int) -> Decimal:
    """The average capital of a position at cost, in the fund's currency; below zero for a short.

    As Modified Dietz has it of a whole: what is added counts from the start of its day, what is taken off until its
    end. What is taken off counts at its average cost, not at its proceeds, else a gain that was taken would shrink the
    capital that made it. Without trades it is the value at the start.

    Parameters
    ----------
    quantity, value : held before the first day, and what it was worth at market.
    trades : in the order in which they happened.
    days : calendar days of the period.
    """
    with localcontext(EXACT):
        cost, weighted = value, value * days
        for one in trades:
            if one.is_entry:
                change = one.value if quantity + one.quantity else -cost
                cost, weighted = cost + change, weighted + change * (days - one.day + 1)
                quantity += one.quantity
                continue
            closed = min(abs(one.quantity), abs(quantity)) if quantity * one.quantity < 0 else ZERO
            if closed:
                taken = cost * closed / abs(quantity)
                cost, weighted = cost - taken, weighted - taken * (days - one.day)
            added = one.value * (abs(one.quantity) - closed) / abs(one.quantity)
            cost, weighted = cost + added, weighted + added * (days - one.day + 1)
            quantity += one.quantity
        return weighted / days
