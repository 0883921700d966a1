"""What a fund's accounts made in a period, and on what: from executions, snapshots' marks, rates and flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.consolidation import consolidate
from fund_pipeline.accounts.flows import capital_of_fund, list_flows, results
from fund_pipeline.accounts.payouts.rates import end_of_day
from fund_pipeline.accounts.payouts.reckoning import RateOfDay
from fund_pipeline.accounts.performance import Trade, TradedLine, position_capital
from fund_pipeline.accounts.performance.days import day_before
from fund_pipeline.accounts.prices import prices_at
from fund_pipeline.accounts.times import day_of
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.flow_model import CashFlow
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.own_entries import read_id
from fund_pipeline.ledger.signal_fills import list_signal_fills
from fund_pipeline.terms import Side

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)

Held = tuple[str, str, str]
"""Strategy, account, instrument."""


@dataclass(frozen=True)
class FundBooks:
    """A fund's books in a mode, read for one answer: its fills are read once.

    `zone` is the fund's; trades count at the rate of their day in it.
    """

    ledger: Ledger
    fund_id: str
    mode: TradingMode
    zone: ZoneInfo
    rate_of_day: RateOfDay

    @cached_property
    def currency(self) -> str:
        """The fund's. NotFoundError when there is no such fund."""
        return get_fund(self.ledger, self.fund_id).currency

    @cached_property
    def fills(self) -> tuple[Execution, ...]:
        """All, in the order in which they happened."""
        found = (one.execution for one in list_signal_fills(self.ledger, self.fund_id, self.mode))
        return tuple(sorted(found, key=lambda one: one.executed_at))

    def converted(self, amount: Decimal, source: str, day: date) -> Decimal:
        """An amount in the fund's currency, at the rate of a day. InputError where that is not known."""
        rate = Decimal(1) if source == self.currency or not amount else self.rate_of_day(source, self.currency, day)
        return _EXACT.multiply(amount, rate)


@dataclass(frozen=True)
class Earnings:
    """What a fund's accounts made from the start of a day to the end of another, in the fund's currency.

    Attributes
    ----------
    opening : equity at the start; 0 before anything came in.
    capital_flows : what came in (above zero) and went out that is nobody's gain.
    not_traded : fees, dividends and interest, with their sign.
    total : the change of consolidated equity that no capital flow explains.
    lines : what was traded or held, at the rates of the trades' days, and at the marks and rates of the ends.
    """

    opening: Decimal
    capital_flows: tuple[CashFlow, ...]
    not_traded: Decimal
    total: Decimal
    lines: tuple[TradedLine, ...]


@dataclass(frozen=True)
class _Ends:
    """The moments at which the period begins and ends, and their days."""

    start: datetime
    end: datetime
    before: date
    last: date


def earnings_of(books: FundBooks, first: date, last: date) -> Earnings:
    """What a fund's accounts made from the start of a day to the end of another.

    Raises
    ------
    NotFoundError : there is no such fund.
    InputError : equity, a price or a rate at one of the ends is not known, or the rate of a trade's day.
    """
    ledger, fund_id, mode, before = books.ledger, books.fund_id, books.mode, day_before(first)
    ends = _Ends(end_of_day(before, books.zone), end_of_day(last, books.zone), before, last)
    lines = _lines(books, ends)
    flows = list_flows(ledger, fund_id=fund_id, mode=mode, after=ends.start, until=ends.end)
    began = bool(list_flows(ledger, fund_id=fund_id, mode=mode, until=ends.start))
    opening = _equity(books, ends.start) if began else _ZERO
    return Earnings(
        opening=opening,
        capital_flows=tuple(one for one in flows if one.is_capital_of_account),
        not_traded=results(flows),
        total=_equity(books, ends.end) - opening - capital_of_fund(flows),
        lines=lines,
    )


def _lines(books: FundBooks, ends: _Ends) -> tuple[TradedLine, ...]:
    opened: dict[Held, Decimal] = {}
    held: dict[Held, Decimal] = {}
    cash: dict[Held, Decimal] = {}
    trades: dict[Held, dict[tuple[datetime, int], Trade]] = {}
    of: dict[Held, Execution] = {}
    for fill in books.fills:
        if fill.executed_at > ends.end:
            break
        key = (fill.strategy, fill.account_id, fill.instrument_key)
        signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
        of[key] = fill
        held[key] = held.get(key, _ZERO) + signed
        if fill.executed_at <= ends.start:
            opened[key] = held[key]
            continue
        day = day_of(fill.executed_at, books.zone)
        price = _EXACT.multiply(_EXACT.multiply(signed, fill.price), fill.multiplier)
        value = books.converted(price, fill.currency, day)
        cost = books.converted(fill.commission, fill.commission_currency, day)
        cash[key] = cash.get(key, _ZERO) - value - cost
        _note(trades.setdefault(key, {}), fill.executed_at, _trade(fill, (day - ends.before).days, signed, value))
    prices = {moment: prices_at(books.ledger, books.fund_id, books.mode, moment) for moment in (ends.start, ends.end)}

    def worth(key: Held, quantity: Decimal, moment: datetime, day: date) -> Decimal:
        return _worth(books, of[key], quantity, prices[moment], day) if quantity else _ZERO

    found = []
    for key, quantity in sorted(held.items()):
        at_start = opened.get(key, _ZERO)
        opening, days = worth(key, at_start, ends.start, ends.before), (ends.last - ends.before).days
        found.append(
            TradedLine(
                strategy=key[0],
                instrument_key=key[2],
                asset_class=key[2].partition(":")[0],
                opening=opening,
                cash=cash.get(key, _ZERO),
                closing=worth(key, quantity, ends.end, ends.last),
                at_work=position_capital(at_start, opening, trades.get(key, {}).values(), days),
            )
        )
    return tuple(found)


def _trade(fill: Execution, day: int, signed: Decimal, value: Decimal) -> Trade:
    return Trade(day, signed, value, is_entry=read_id(fill.broker_execution_id)[0] is not None)


def _note(trades: dict[tuple[datetime, int], Trade], at: datetime, one: Trade) -> None:
    """Add it in its place. Entries of a moment belong together: what one of them takes back another books anew."""
    if not one.is_entry:
        trades[at, len(trades)] = one
        return
    before = trades.get((at, -1))
    if before is not None:
        one = replace(one, quantity=before.quantity + one.quantity, value=before.value + one.value)
    trades[at, -1] = one


def _worth(
    books: FundBooks, fill: Execution, quantity: Decimal, prices: Mapping[tuple[str, str], Decimal], day: date
) -> Decimal:
    price = prices.get((fill.account_id, fill.instrument_key))
    if price is None:
        raise InputError(
            f"the price of {fill.instrument_key} in {fill.account_id} at the end of {day} is not known",
            remedy="choose a period at whose ends snapshots with marks were taken",
        )
    value = _EXACT.multiply(_EXACT.multiply(quantity, price), fill.multiplier)
    return books.converted(value, fill.currency, day)


def _equity(books: FundBooks, moment: datetime) -> Decimal:
    found = consolidate(books.ledger, books.fund_id, books.mode, moment)
    if found.equity is None:
        why = "; ".join(f"{one.account_id} {one.message}".strip() for one in found.findings)
        raise InputError(
            f"the equity of fund {books.fund_id} at {moment.isoformat()} is not known: {why}",
            remedy="choose a period at whose ends every account was heard of",
        )
    return found.equity
