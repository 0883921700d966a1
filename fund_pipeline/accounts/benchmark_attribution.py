"""A fund against a benchmark, by Brinson and Fachler: the fund's side from its books, the other as it is given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from fund_pipeline.accounts.benchmark_files import BenchmarkPeriod
from fund_pipeline.accounts.earnings import Earnings, FundBooks, earnings_of
from fund_pipeline.accounts.performance import (
    Brinson,
    Dimension,
    PeriodFlow,
    Segment,
    average_capital,
    brinson_fachler,
    linked,
    paired,
    portfolio_stakes,
    segment_order,
)
from fund_pipeline.accounts.performance.days import day_before
from fund_pipeline.accounts.times import day_of
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.navs import list_navs


@dataclass(frozen=True)
class AttributedPeriod:
    """One period of the benchmark: both sides by segment, and the effects."""

    first: date
    last: date
    segments: tuple[Segment, ...]
    effects: Brinson


@dataclass(frozen=True)
class BenchmarkAttribution:
    """Periods that follow each other, and all of them `linked` as one."""

    by: Dimension
    periods: tuple[AttributedPeriod, ...]
    linked: Brinson


def attribution_against(books: FundBooks, benchmark: Sequence[BenchmarkPeriod], by: Dimension) -> BenchmarkAttribution:
    """Tell the difference between a fund and a benchmark apart, by the benchmark's periods.

    The fund's return of a period is Modified Dietz, of the consolidated equity of its accounts: after commissions and
    the fees that were paid, before performance fees. See `portfolio_stakes` for its weights and returns by segment.

    Raises
    ------
    NotFoundError : there is no such fund.
    InputError : no NAV at the start or the end of a period; equity, a price or a rate there is not known; what
        `portfolio_stakes` and `linked` refuse.
    """
    get_fund(books.ledger, books.fund_id)
    valued = [one.day for one in list_navs(books.ledger, books.fund_id, books.mode)]
    periods = tuple(_period(books, one, by, valued) for one in benchmark)
    whole = linked([one.effects for one in periods])
    in_order = tuple(sorted(whole.segments, key=lambda one: segment_order(one.name)))
    return BenchmarkAttribution(by, periods, replace(whole, segments=in_order))


def _period(books: FundBooks, given: BenchmarkPeriod, by: Dimension, valued: Collection[date]) -> AttributedPeriod:
    _refuse_unvalued(books, given, valued)
    earned = earnings_of(books, given.first, given.last)
    try:
        own = portfolio_stakes(earned.lines, by, total=earned.total, capital=_capital(books, earned, given))
    except InputError as wrong:
        raise InputError(f"from {given.first} to {given.last}: {wrong.message}", remedy=wrong.remedy) from None
    segments = paired(own, given.stakes)
    return AttributedPeriod(given.first, given.last, segments, brinson_fachler(segments))


def _refuse_unvalued(books: FundBooks, given: BenchmarkPeriod, valued: Collection[date]) -> None:
    """A period begins at the NAV of the day before it, or with the fund's first one."""
    whose = f"fund {books.fund_id}, {books.mode.value}"
    before = day_before(given.first)
    if before not in valued and given.first != min(valued, default=None):
        raise InputError(
            f"from is {given.first}: there is no NAV of {whose}, at its start, the end of {before}",
            remedy="begin on the day after a NAV, or of the fund's first; see `fund nav list`, `fund nav strike`",
        )
    if given.last not in valued:
        raise InputError(
            f"to is {given.last}: there is no NAV of {whose}, at its end",
            remedy="end on the day of a NAV; see `fund nav list`, `fund nav strike`",
        )


def _capital(books: FundBooks, earned: Earnings, given: BenchmarkPeriod) -> Decimal:
    """Average capital. Flows of a day count together, so that what cancels, as both sides of a transfer, is none."""
    before, by_day = day_before(given.first), dict[int, Decimal]()
    for one in earned.capital_flows:
        number = (day_of(one.effective_at, books.zone) - before).days
        by_day[number] = by_day.get(number, Decimal(0)) + one.fund_amount
    flows = [PeriodFlow(number, amount) for number, amount in by_day.items()]
    return average_capital(earned.opening, flows, (given.last - before).days)
