"""What a sender is due for a month. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.payouts.matching import PLACES, Realised
from fund_pipeline.accounts.payouts.months import following, month_of
from fund_pipeline.accounts.times import day_of
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.payout_model import Payout, PayoutItem, PayoutTerms

CENT = Decimal("0.01")
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)

RateOfDay = Callable[[str, str, date], Decimal]
"""(from, to, day) -> `to` per 1 of `from` on that day of the fund's. InputError where there is none."""


@dataclass(frozen=True)
class Reckoned:
    """A month's payout and all that it rests on."""

    payout: Payout
    items: tuple[PayoutItem, ...]


def terms_in(terms: Iterable[PayoutTerms], month: date) -> PayoutTerms | None:
    """The terms of one sender that hold in a month; None before its first."""
    return max((one for one in terms if one.valid_from <= month), key=lambda one: one.valid_from, default=None)


def reckon(
    of: tuple[str, TradingMode, str],
    month: date,
    terms: PayoutTerms,
    before: Payout | None,
    items: Sequence[PayoutItem],
    rate_of_day: RateOfDay,
    act: Act,
) -> Payout:
    """One month of a fund, mode and sender, after the month `before`, from what is settled in it.

    due = share x max(0, cumulative - previous peak), rounded down to the cent: losses carry forward, and each new peak
    is paid once. Where the terms' currency changed, the cumulative and its peak are carried at the rate of the last day
    of the month before.
    """
    carried_rate = None
    if before is not None and before.currency != terms.currency:
        last_day = date.fromordinal(month.toordinal() - 1)
        carried_rate = rate_of_day(before.currency, terms.currency, last_day)
    carried, peak = (_ZERO, _ZERO) if before is None else (before.cumulative, before.peak)
    if carried_rate is not None:
        carried, peak = _at(carried, carried_rate), _at(peak, carried_rate)
    realised = sum((one.net for one in items), _ZERO)
    cumulative = carried + realised
    due = _EXACT.multiply(terms.share, max(_ZERO, cumulative - peak)).quantize(CENT, ROUND_DOWN, _EXACT)
    return Payout(
        fund_id=of[0],
        mode=of[1],
        sender_id=of[2],
        month=month,
        share=terms.share,
        currency=terms.currency,
        realised=realised,
        late=sum((one.net for one in items if one.executed_month < month), _ZERO),
        carried_rate=carried_rate,
        cumulative=cumulative,
        peak_before=peak,
        due=due,
        due_on=following(month),
        closed_by=act.actor,
        closed_at=act.at,
    )


def item_of(
    realised: Realised, entry_signal_id: str, currency: str, rate_of_day: RateOfDay, zone: ZoneInfo
) -> PayoutItem:
    """What one fill realised for one entry, in a currency, at the rates of its day."""
    fill = realised.execution
    day = day_of(fill.executed_at, zone)
    gain_rate = _rate(fill.currency if realised.gain else currency, currency, day, rate_of_day)
    cost_rate = _rate(fill.commission_currency if realised.commission else currency, currency, day, rate_of_day)
    net = _EXACT.subtract(
        _EXACT.multiply(realised.gain, gain_rate), _EXACT.multiply(realised.commission, cost_rate)
    ).quantize(PLACES, context=_EXACT)
    return PayoutItem(
        broker=fill.broker,
        broker_account=fill.broker_account,
        broker_execution_id=fill.broker_execution_id,
        entry_signal_id=entry_signal_id,
        account_id=fill.account_id,
        strategy=fill.strategy,
        instrument_key=fill.instrument_key,
        gain=realised.gain,
        currency=fill.currency,
        commission=realised.commission,
        commission_currency=fill.commission_currency,
        gain_rate=gain_rate,
        commission_rate=cost_rate,
        net=net,
        executed_at=fill.executed_at,
        executed_month=month_of(fill.executed_at, zone),
    )


def _rate(source: str, target: str, day: date, rate_of_day: RateOfDay) -> Decimal:
    return Decimal(1) if source == target else rate_of_day(source, target, day)


def _at(amount: Decimal, rate: Decimal) -> Decimal:
    return _EXACT.multiply(amount, rate).quantize(PLACES, context=_EXACT)
