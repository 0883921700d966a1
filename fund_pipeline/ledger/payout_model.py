"""What senders are owed, as values: their terms, each month's payout, what it rests on, and its payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.terms import AssetClass, OrderRole

PayoutKey = tuple[str, TradingMode, str, date]
"""Fund, mode, sender and the first day of the month: there is one payout of each."""


@dataclass(frozen=True)
class PayoutTerms:
    """What was agreed with a sender, from the first day of a month until its next terms. Never changed.

    Attributes
    ----------
    share : of each new peak of cumulative net realised PnL, 0 to 1.
    currency : in which it is reckoned and paid.
    """

    sender_id: str
    valid_from: date
    share: Decimal
    currency: str
    note: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class SignalFill:
    """A fill with the order and signal behind it.

    Attributes
    ----------
    signal_id, leg, role : of its order; None, 0 and None for a fill of no order of ours.
    closes_entry : signal of the entry that an exit names.
    """

    execution: Execution
    fund_id: str
    mode: TradingMode
    asset_class: AssetClass | None
    signal_id: str | None
    leg: int
    role: OrderRole | None
    closes_entry: str | None = None


@dataclass(frozen=True)
class PayoutItem:
    """What one fill realised for one entry signal, settled in one month.

    Attributes
    ----------
    gain : of what it closed, in `currency`, before costs.
    commission : the signal's part of the fill's, in `commission_currency`; a cost is above 0.
    gain_rate, commission_rate : the payout's currency per 1 of each, of the day of the fill.
    net : gain less commission in the payout's currency, to 12 places.
    executed_month : first day of the month of the fill; before the payout's month for one that came late.
    """

    broker: str
    broker_account: str
    broker_execution_id: str
    entry_signal_id: str
    account_id: str
    strategy: str
    instrument_key: str
    gain: Decimal
    currency: str
    commission: Decimal
    commission_currency: str
    gain_rate: Decimal
    commission_rate: Decimal
    net: Decimal
    executed_at: datetime
    executed_month: date

    @property
    def key(self) -> tuple[str, str, str, str]:
        """It is settled once."""
        return (self.broker, self.broker_account, self.broker_execution_id, self.entry_signal_id)


@dataclass(frozen=True)
class Payout:
    """What a sender is due for a month in one fund and mode. Amounts in `currency`. Never changed once closed.

    Attributes
    ----------
    month : its first day, in the fund's time zone.
    realised : net, of all that was settled in it; `late` is the part of fills of months that were closed before.
    carried_rate : `currency` per 1 of the former terms' currency at the month's start; None where it is the same.
    cumulative : net realised since the first terms, this month included.
    peak_before : the highest cumulative at an earlier month's end, never below 0.
    due : share x max(0, cumulative - peak_before), rounded down to the cent.
    due_on : the day it is to be paid, the first of the month after.
    """

    fund_id: str
    mode: TradingMode
    sender_id: str
    month: date
    share: Decimal
    currency: str
    realised: Decimal
    late: Decimal
    carried_rate: Decimal | None
    cumulative: Decimal
    peak_before: Decimal
    due: Decimal
    due_on: date
    closed_by: str
    closed_at: datetime

    @property
    def key(self) -> PayoutKey:
        """Which one it is."""
        return (self.fund_id, self.mode, self.sender_id, self.month)

    @property
    def peak(self) -> Decimal:
        """The highest cumulative at a month's end so far."""
        return max(self.peak_before, self.cumulative)


@dataclass(frozen=True)
class PayoutPayment:
    """That a payout was paid, by which flow. `paid_at` is when the money left, UTC."""

    fund_id: str
    mode: TradingMode
    sender_id: str
    month: date
    amount: Decimal
    currency: str
    account_id: str
    flow_id: str
    paid_at: datetime
    recorded_by: str
    recorded_at: datetime
    note: str = ""
