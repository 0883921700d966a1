"""The standardised signal, as values. Quantities and prices are exact decimals, times are UTC with zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.errors import InvariantError
from fund_pipeline.signals.notes import Note
from fund_pipeline.terms import AssetClass, Environment, OrderType, Right, Side, SignalType


class Direction(StrEnum):
    """What the sender states as `direction`: a cross-check, because senders mean three different things by it."""

    LONG = "LONG"
    SHORT = "SHORT"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One order-to-be on one instrument.

    On an entry nothing that an order needs is missing. On exits, cancels and UNSPECIFIED signals, what may be None
    was not stated and has to come from the open position.

    Attributes
    ----------
    symbol : name in the instrument master; as the sender spelled it, in capitals, where the master has none.
    key : instrument key (see instruments/key.py); None where asset class, expiry, strike or right are not known.
    asset_class : None only where neither the sender nor the master says it.
    side : side of the order, from `action`; None where the sender states none.
    quantity : > 0, in the sender's units (shares, contracts, FX base units, coins); None where not stated or where
        `target_weight` or `closes_all` takes its place.
    target_weight : signed share of allocated capital to hold afterwards, -1..1 (short below 0), 0 for nothing.
    closes_all : the sender said to sell all it holds; it can never open anything.
    order_type : how it is priced.
    limit_price, stop_price : for the order types that have them, in the instrument's currency.
    reference_price : the sender's price for a market or stop order; None where unknown.
    stop_loss, take_profit : prices of protective orders; None for none.
    expiry : day of expiry of a future or option.
    exchange : where it trades, in the master's spelling; None for FX, crypto and options.
    multiplier : value of one point of price for one unit of quantity, in `currency`; None where the key is.
    currency : ISO 4217 currency of prices; None where not known.
    strike, right : of an option.
    combination : options ordered as one have the same number, counted from 0 in the signal's order; else None.
    ratio : a leg's share of its combination, in lowest terms, the legs in the sender's order.
    net_price : price of one combination in its ratio, the same on all its legs: its limit for LIMIT, else a reference.
    direction : as stated.
    """

    symbol: str
    key: str | None
    asset_class: AssetClass | None
    side: Side | None
    quantity: Decimal | None
    order_type: OrderType
    target_weight: Decimal | None = None
    closes_all: bool = False
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reference_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    expiry: date | None = None
    exchange: str | None = None
    multiplier: Decimal | None = None
    currency: str | None = None
    strike: Decimal | None = None
    right: Right | None = None
    combination: int | None = None
    ratio: int | None = None
    net_price: Decimal | None = None
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A signal as every later step reads it, whatever envelope it came in. Its legs are one decision: all or none.

    Attributes
    ----------
    sender_signal_id : the sender's own id; not unique in practice.
    sender : who sent it, as registered.
    strategy : strategy id.
    type : what it does; UNSPECIFIED where the sender does not say.
    legs : in the sender's order; empty only on an exit or cancel that names its entry.
    sent_at : when the sender says it was sent, UTC.
    received_at : when it was received, UTC.
    sender_equity : the equity the quantities are meant for, in the sender's own unit; None where not known.
    reference : id of the entry that this closes, scales or cancels, as sent; None where not named.
    environment : the deployment it is for.
    format : name of the format it was read as.
    inferred : what was inferred, defaulted, ignored or flagged, and why.
    """

    sender_signal_id: str
    sender: str
    strategy: str
    type: SignalType
    legs: tuple[Leg, ...]
    sent_at: datetime
    received_at: datetime
    sender_equity: Decimal | None
    reference: str | None
    environment: Environment
    format: str
    inferred: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if self.sent_at.tzinfo is None or self.received_at.tzinfo is None:
            raise InvariantError("a signal's times must have a zone", remedy="pass times in UTC")

    @property
    def known_since(self) -> datetime:
        """The time from which its age counts: of sending, or of receipt where the sender's clock is ahead of ours."""
        return min(self.sent_at, self.received_at)

    def age_seconds(self, now: datetime) -> float:
        """Seconds since it is known; never below 0."""
        return max((now - self.known_since).total_seconds(), 0.0)
