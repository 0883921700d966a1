"""A fund's profit by strategy, instrument and asset class, from executions, snapshots' marks, rates and flows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.consolidation import consolidate
from fund_pipeline.accounts.flows import capital_of_fund, list_flows, results
from fund_pipeline.accounts.payouts.rates import end_of_day
from fund_pipeline.accounts.payouts.reckoning import RateOfDay
from fund_pipeline.accounts.performance.attribution import Attribution, Dimension, TradedLine, attribute
from fund_pipeline.accounts.performance.days import day_before
from fund_pipeline.accounts.prices import prices_at
from fund_pipeline.accounts.times import day_of
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.signal_fills import list_signal_fills
from fund_pipeline.terms import Side

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)

Held = tuple[str, str, str]
"""Strategy, account, instrument."""


@dataclass(frozen=True)
class _Ends:
    """The moments at which the period begins and ends, and their days."""

    zone: ZoneInfo
    start: datetime
    end: datetime
    before: date
    last: date


def attribution_of_fund(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    first: date,
    last: date,
    by: Dimension,
    zone: ZoneInfo,
    rate_of_day: RateOfDay,
) -> Attribution:
    """What a fund's accounts in a mode made from the start of a day to the end of another, in the fund's currency.

    The whole is the change of consolidated equity that no flow explains. Trades count at the rate of their day, what is
    held at the ends at the marks and rates of then. The capital is the equity at the start and what came in since.

    Raises
    ------
    NotFoundError : there is no such fund.
    InputError : equity, a price or a rate at one of the ends is not known.
    """
    currency = get_fund(ledger, fund_id).currency
    before = day_before(first)
    ends = _Ends(zone, end_of_day(before, zone), end_of_day(last, zone), before, last)
    fills = [one.execution for one in list_signal_fills(ledger, fund_id, mode) if one.execution.executed_at <= ends.end]
    flows = list_flows(ledger, fund_id=fund_id, mode=mode, after=ends.start, until=ends.end)
    began = bool(list_flows(ledger, fund_id=fund_id, mode=mode, until=ends.start))
    opening = _equity(ledger, fund_id, mode, ends.start) if began else _ZERO
    lines = _lines(ledger, fund_id, mode, fills, ends, currency, rate_of_day)
    capital = capital_of_fund(flows)
    total = _equity(ledger, fund_id, mode, ends.end) - opening - capital
    came_in = sum((one.fund_amount for one in flows if one.is_capital_of_account and one.fund_amount > 0), _ZERO)
    return attribute(lines, by, not_traded=results(flows), total=total, capital=opening + came_in)


def _lines(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    fills: Iterable[Execution],
    ends: _Ends,
    currency: str,
    rate_of_day: RateOfDay,
) -> list[TradedLine]:
    held: dict[Held, Decimal] = {}
    opened: dict[Held, Decimal] = {}
    cash: dict[Held, Decimal] = {}
    of: dict[Held, Execution] = {}

    def at(amount: Decimal, source: str, day: date) -> Decimal:
        rate = Decimal(1) if source == currency or not amount else rate_of_day(source, currency, day)
        return _EXACT.multiply(amount, rate)

    for fill in fills:
        key = (fill.strategy, fill.account_id, fill.instrument_key)
        signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
        of[key] = fill
        held[key] = held.get(key, _ZERO) + signed
        if fill.executed_at <= ends.start:
            opened[key] = opened.get(key, _ZERO) + signed
            continue
        day = day_of(fill.executed_at, ends.zone)
        paid = at(_EXACT.multiply(_EXACT.multiply(-signed, fill.price), fill.multiplier), fill.currency, day)
        cost = at(fill.commission, fill.commission_currency, day)
        cash[key] = cash.get(key, _ZERO) + paid - cost
    prices = {moment: prices_at(ledger, fund_id, mode, moment) for moment in (ends.start, ends.end)}

    def worth(key: Held, quantity: Decimal, moment: datetime, day: date) -> Decimal:
        if not quantity:
            return _ZERO
        price = prices[moment].get(key[1:])
        if price is None:
            raise InputError(
                f"the price of {key[2]} in {key[1]} at the end of {day} is not known",
                remedy="choose a period at whose ends snapshots with marks were taken",
            )
        value = _EXACT.multiply(_EXACT.multiply(quantity, price), of[key].multiplier)
        return at(value, of[key].currency, day)

    return [
        TradedLine(
            strategy=key[0],
            instrument_key=key[2],
            asset_class=key[2].partition(":")[0],
            opening=worth(key, opened.get(key, _ZERO), ends.start, ends.before),
            cash=cash.get(key, _ZERO),
            closing=worth(key, quantity, ends.end, ends.last),
        )
        for key, quantity in sorted(held.items())
    ]


def _equity(ledger: Ledger, fund_id: str, mode: TradingMode, moment: datetime) -> Decimal:
    found = consolidate(ledger, fund_id, mode, moment)
    if found.equity is None:
        why = "; ".join(f"{one.account_id} {one.message}".strip() for one in found.findings)
        raise InputError(
            f"the equity of fund {fund_id} at {moment.isoformat()} is not known: {why}",
            remedy="choose a period at whose ends every account was heard of",
        )
    return found.equity
