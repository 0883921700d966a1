"""Returns by calendar period: month on month, year on year, since inception."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from fund_pipeline.accounts.performance.days import ValueSeries
from fund_pipeline.accounts.performance.side_by_side import Returns, returns_of
from fund_pipeline.accounts.performance.time_weighted import Basis, DailyReturn, daily_returns


@dataclass(frozen=True)
class PeriodTable:
    """A history in periods.

    Attributes
    ----------
    month_on_month : each calendar month there is a day of; the first and the last may be parts of one.
    year_on_year : to each month's end, the twelve months before it; none before there are twelve.
    since_inception : all of it.
    """

    month_on_month: tuple[Returns, ...]
    year_on_year: tuple[Returns, ...]
    since_inception: Returns


def period_table(series: ValueSeries, basis: Basis = Basis.NET) -> PeriodTable:
    """The periods of a series that has days."""
    daily = daily_returns(series, basis)
    months = list(months_of(series.first, series.last))
    spans = [(max(first, series.first), min(last, series.last)) for first, last in months]
    years = [
        (months[index - 11][0], months[index][1])
        for index in range(11, len(months))
        if months[index - 11][0] >= series.first and months[index][1] <= series.last
    ]
    return PeriodTable(
        month_on_month=tuple(_over(series, daily, span, basis) for span in spans if series.between(*span).days),
        year_on_year=tuple(_over(series, daily, span, basis) for span in years),
        since_inception=returns_of(series, basis, daily),
    )


def months_of(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The first and the last day of each calendar month from that of `first` to that of `last`."""
    start = first.replace(day=1)
    while start <= last:
        following = (start + timedelta(days=31)).replace(day=1)
        yield start, following - timedelta(days=1)
        start = following


def _over(series: ValueSeries, daily: tuple[DailyReturn, ...], span: tuple[date, date], basis: Basis) -> Returns:
    start = bisect_left(daily, span[0], key=lambda one: one.day)
    end = bisect_right(daily, span[1], key=lambda one: one.day)
    return replace(returns_of(series.between(*span), basis, daily[start:end]), first=span[0], last=span[1])
