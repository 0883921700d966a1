"""What senders were, are and may come to be owed: paid, due, the next payment date, and what is not realised yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.payouts.matching import match
from fund_pipeline.accounts.payouts.months import next_payment_on
from fund_pipeline.accounts.payouts.reckoning import RateOfDay
from fund_pipeline.accounts.prices import prices_at
from fund_pipeline.accounts.times import day_of
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.payout_model import Payout, PayoutPayment
from fund_pipeline.ledger.payouts import list_terms, payouts_of_fund, payouts_of_sender
from fund_pipeline.ledger.signal_fills import list_senders_of, list_signal_fills

Owed = tuple[str, TradingMode, str]
"""Fund, mode, sender."""


@dataclass(frozen=True)
class PayoutLine:
    """A payout, and when it was paid; None while it is not."""

    payout: Payout
    payment: PayoutPayment | None

    @property
    def outstanding(self) -> Decimal:
        """What is due of it yet."""
        return self.payout.due if self.payment is None else Decimal(0)


@dataclass(frozen=True)
class SenderOverview:
    """One sender in one fund and mode, in the currency of its last payout.

    Attributes
    ----------
    paid, outstanding : sums; of payouts in `currency`.
    cumulative, peak : net realised so far by the last closed month, and its highest at a month's end.
    next_payment_on : the next first of a month.
    """

    fund_id: str
    mode: TradingMode
    sender_id: str
    currency: str
    lines: tuple[PayoutLine, ...]
    next_payment_on: date

    @property
    def paid(self) -> Decimal:
        """What was paid so far, in `currency`."""
        return self._sum(line.payout for line in self.lines if line.payment is not None)

    @property
    def outstanding(self) -> Decimal:
        """What is due and not paid yet, in `currency`."""
        return self._sum(line.payout for line in self.lines if line.payment is None)

    @property
    def cumulative(self) -> Decimal:
        """Net realised by the end of the last closed month."""
        return self.lines[-1].payout.cumulative

    @property
    def peak(self) -> Decimal:
        """The highest it was at a month's end."""
        return self.lines[-1].payout.peak

    def _sum(self, payouts: Iterable[Payout]) -> Decimal:
        return sum((one.due for one in payouts if one.currency == self.currency), Decimal(0))


@dataclass(frozen=True)
class Unrealised:
    """What is open of a sender's entries at market: shown, never paid.

    Attributes
    ----------
    amount : in `currency`; None where a price or rate is not known, see `unknown`.
    unknown : instruments without a price, or currencies without a rate.
    """

    amount: Decimal | None
    currency: str
    unknown: tuple[str, ...] = ()


def overview_of_sender(ledger: Ledger, sender_id: str, now: datetime, zone: ZoneInfo) -> tuple[SenderOverview, ...]:
    """One sender's payouts by fund and mode: all that this sender may see."""
    return _overviews(payouts_of_sender(ledger, sender_id), now, zone)


def overview_of_fund(ledger: Ledger, fund_id: str, now: datetime, zone: ZoneInfo) -> tuple[SenderOverview, ...]:
    """All senders' payouts in a fund: for administrators."""
    return _overviews(payouts_of_fund(ledger, fund_id), now, zone)


def unrealised_of_sender(
    ledger: Ledger, of: Owed, moment: datetime, zone: ZoneInfo, rate_of_day: RateOfDay
) -> Unrealised:
    """What is open of a sender's entries at the prices of the last snapshots by a moment, costs of closing aside."""
    fund_id, mode, sender_id = of
    terms = list_terms(ledger, sender_id)
    currency = terms[-1].currency if terms else ""
    fills = [one for one in list_signal_fills(ledger, fund_id, mode) if one.execution.executed_at <= moment]
    lots = match(fills).open_lots
    senders = list_senders_of(ledger, (lot.entry_signal_id for lot in lots if lot.entry_signal_id is not None))
    prices = prices_at(ledger, fund_id, mode, moment)
    total, unknown = Decimal(0), []
    for lot in lots:
        if senders.get(lot.entry_signal_id or "") != sender_id:
            continue
        fill = lot.opened_by
        price = prices.get((fill.account_id, fill.instrument_key))
        if price is None:
            unknown.append(fill.instrument_key)
            continue
        try:
            same = fill.currency == currency
            rate = Decimal(1) if same else rate_of_day(fill.currency, currency, day_of(moment, zone))
        except InputError:
            unknown.append(fill.currency)
            continue
        total += lot.unrealised(price) * rate
    return Unrealised(None if unknown else total, currency, tuple(sorted(set(unknown))))


def _overviews(
    found: tuple[tuple[Payout, ...], tuple[PayoutPayment, ...]], now: datetime, zone: ZoneInfo
) -> tuple[SenderOverview, ...]:
    payouts, payments = found
    paid = {(one.fund_id, one.mode, one.sender_id, one.month): one for one in payments}
    lines: dict[Owed, list[PayoutLine]] = {}
    for one in payouts:
        lines.setdefault((one.fund_id, one.mode, one.sender_id), []).append(PayoutLine(one, paid.get(one.key)))
    return tuple(
        SenderOverview(*of, several[-1].payout.currency, tuple(several), next_payment_on(now, zone))
        for of, several in sorted(lines.items())
    )
