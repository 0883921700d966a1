"""Series of values for the tests."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import DayValue, ValueSeries

LAW = settings(max_examples=25, deadline=None)

START = date(2024, 1, 1)


def day(number: int) -> date:
    """The day so many days after the start."""
    return START + timedelta(days=number)


def valued(number: int, value: str | None, *, inflow: str = "0", outflow: str = "0", fee: str = "0") -> DayValue:
    """One day, figures as text."""
    return DayValue(
        day(number), None if value is None else Decimal(value), Decimal(inflow), Decimal(outflow), Decimal(fee)
    )


def series(*days: DayValue, opening: str = "0") -> ValueSeries:
    """A series, from nothing unless it is said."""
    return ValueSeries(Decimal(opening), days)


def grown(returns: list[Decimal], flows: list[Decimal]) -> ValueSeries:
    """A holding of 1000 that earns these returns, with these flows: above 0 in at the start, below 0 out at the end.

    What goes out is at most half of what is there. Exact: no value is rounded.
    """
    value, days = Fraction(0), []
    for number, (earned, flow) in enumerate(zip(returns, flows, strict=True)):
        inflow = Fraction(1000) if number == 0 else max(Fraction(flow), Fraction(0))
        end = (value + inflow) * (1 + Fraction(earned))
        outflow = min(max(-Fraction(flow), Fraction(0)), end / 2)
        value = end - outflow
        days.append(DayValue(day(number), *(exact(one) for one in (value, inflow, outflow))))
    return ValueSeries(Decimal(0), tuple(days))


def exact(value: Fraction) -> Decimal:
    """A fraction to sixty digits."""
    return Context(prec=60).divide(Decimal(value.numerator), Decimal(value.denominator))


daily = st.decimals("-0.5", "0.5", places=4)
flows = st.decimals("-5000", "5000", places=2)
paths = st.lists(st.tuples(daily, flows), min_size=2, max_size=12)
