"""Net asset values, what clients' units are worth in them, and what was dealt at them, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.ledger.model import TradingMode


class DealingKind(StrEnum):
    """What changed a client's units."""

    SUBSCRIPTION = "SUBSCRIPTION"
    REDEMPTION = "REDEMPTION"
    TRANSFER_OUT = "TRANSFER_OUT"
    TRANSFER_IN = "TRANSFER_IN"
    PERFORMANCE_FEE = "PERFORMANCE_FEE"
    REFUSED = "REFUSED"


class LateKind(StrEnum):
    """What was booked into an open month although it is of a closed one."""

    EXECUTION = "EXECUTION"
    FLOW = "FLOW"


@dataclass(frozen=True)
class Nav:
    """The net asset value of a fund at the close of a day: money in its currency, to the cent.

    Totals are since inception, up to this close. `performance` is what the day made: the change of `gross` that neither
    dealing nor fees explain. What is dealt at a NAV is at work from the next day; what founds a fund, from this one.

    Attributes
    ----------
    as_of, close_at : the oldest snapshot that it rests on, and the fund's close, UTC.
    is_final : struck at or after the close. A provisional one deals nothing but what founds the fund.
    equity : consolidated, of the accounts in this mode.
    deposited, withdrawn, fees_paid : what clients brought, what they were paid, what the manager was paid, totals.
    subscribed, redeemed, crystallised : dealt in units before this NAV is struck, totals.
    inflow : subscriptions that are at work from this day on.
    gross : equity less what is owed: money that waits for its NAV, redemptions and performance fees not paid yet.
    fee : crystallised at this close. `accrued` : what clients would be charged if today were the day.
    nav : gross less both. The clients' values sum to it.
    outflow, redemption_fee : redeemed at this NAV, and the fees charged on it.
    arriving : subscribed at this NAV, at work from the next day.
    units, price : before anything was dealt at it, and gross less fee per unit, before accrued fees, to 12 places.
    """

    fund_id: str
    mode: TradingMode
    day: date
    as_of: datetime
    close_at: datetime
    is_final: bool
    currency: str
    equity: Decimal
    deposited: Decimal
    withdrawn: Decimal
    fees_paid: Decimal
    subscribed: Decimal
    redeemed: Decimal
    crystallised: Decimal
    inflow: Decimal
    performance: Decimal
    gross: Decimal
    fee: Decimal
    accrued: Decimal
    nav: Decimal
    outflow: Decimal
    redemption_fee: Decimal
    arriving: Decimal
    units: Decimal
    price: Decimal
    digest: str
    revision: int
    struck_by: str
    struck_at: datetime


@dataclass(frozen=True)
class ClientDay:
    """What one client's units were worth at a NAV.

    Attributes
    ----------
    units, value : before anything was dealt at it, after the fee that was crystallised; value is net of accrued fees.
    inflow : at work from this day on. outflow : redeemed or transferred at this NAV.
    gross : before fees. fee : crystallised. charge : what the day cost in fees, accrued ones too; below zero when a
        loss takes back what had accrued.
    mark : the high-water mark after the day.
    closing_units, closing_accrued : after what was dealt, without what arrives the next day.
    """

    fund_id: str
    mode: TradingMode
    day: date
    client_id: str
    units: Decimal
    inflow: Decimal
    gross: Decimal
    fee: Decimal
    accrued: Decimal
    charge: Decimal
    value: Decimal
    outflow: Decimal
    mark: Decimal
    closing_units: Decimal
    closing_accrued: Decimal
    revision: int


@dataclass(frozen=True)
class Dealing:
    """One change of a client's units, at the NAV of a day; REFUSED changes nothing.

    Attributes
    ----------
    at_open : it was at work from this day on, as it founded the fund; others are from the next.
    units : signed. amount : paid in, out, or over. fee : charged, or handed over as accrued, with it. mark : the part
        of the high-water mark that moved with it.
    """

    fund_id: str
    mode: TradingMode
    day: date
    number: int
    client_id: str
    kind: DealingKind
    request_id: str | None
    at_open: bool
    units: Decimal
    amount: Decimal
    fee: Decimal
    mark: Decimal
    revision: int


@dataclass(frozen=True)
class ClosedMonth:
    """A month, by its first day, whose NAVs are final for good."""

    fund_id: str
    mode: TradingMode
    month: date
    closed_by: str
    closed_at: datetime


@dataclass(frozen=True)
class LateEntry:
    """A fill or flow of a closed month that became known after its closing: it counts on an open day instead."""

    fund_id: str
    mode: TradingMode
    kind: LateKind
    entity_id: str
    account_id: str
    effective_at: datetime
    known_at: datetime
    month: date
    booked_on: date
