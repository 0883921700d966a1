"""What sizing reads of a signal. The fields of a leg are those of the standardised signal's leg."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fund_pipeline.terms import AssetClass, OrderType, Right, Side, SignalType


@dataclass(frozen=True, kw_only=True)
class LegFacts:
    """One leg. See `signals.Leg` for every field; what may be None was not stated."""

    symbol: str
    key: str | None
    asset_class: AssetClass | None
    side: Side | None
    quantity: Decimal | None
    order_type: OrderType = OrderType.MARKET
    target_weight: Decimal | None = None
    closes_all: bool = False
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reference_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    expiry: date | None = None
    exchange: str | None = None
    strike: Decimal | None = None
    right: Right | None = None
    multiplier: Decimal | None = None
    currency: str | None = None
    combination: int | None = None
    ratio: int | None = None
    net_price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class SignalFacts:
    """A signal to decide.

    Attributes
    ----------
    signal_id : our id of it.
    legs : in the sender's order; empty only on an exit or cancel that names its entry.
    sender_equity : the equity its quantities are meant for, in the sender's unit; None where the signal has none.
    reference : our signal id of the entry that it closes, scales or cancels; None where none is named or known.
    named : what it names, as the sender wrote it; with `reference` None, it is an entry that we do not know.
    age_seconds : since it is known (Signal.age_seconds).
    stale : it was flagged as older than the sender's limit when it was read.
    follow_up : legs to enter now that the exits decided before for this signal are filled (ENTRY_AFTER_FILL).
    """

    signal_id: str
    strategy: str
    type: SignalType
    legs: tuple[LegFacts, ...]
    sender_equity: Decimal | None = None
    reference: str | None = None
    named: str | None = None
    age_seconds: float = 0
    stale: bool = False
    follow_up: tuple[int, ...] = ()

    @property
    def names_unknown(self) -> bool:
        """Whether it names an entry that we do not know."""
        return self.named is not None and self.reference is None

    @property
    def reads_book(self) -> bool:
        """Whether what it means depends on what its sender has open. What only opens does not; a weight replaces."""
        by_weight = any(leg.target_weight is not None for leg in self.legs)
        return not self.follow_up and (by_weight or not self.type.opens)


@dataclass(frozen=True, kw_only=True)
class BookEntry:
    """What one leg of a sender's signal opened, in the sender's own units, whatever we made of it.

    Attributes
    ----------
    quantity : as opened, > 0; a target weight's size for senders of weights; 1 where the mode needs none.
    remaining : what the sender has not closed, 0..quantity.
    """

    signal_id: str
    leg: int
    strategy: str
    instrument_key: str
    side: Side
    quantity: Decimal
    remaining: Decimal

    @property
    def signed(self) -> Decimal:
        """What remains, below 0 for a short."""
        return self.remaining if self.side is Side.BUY else -self.remaining
