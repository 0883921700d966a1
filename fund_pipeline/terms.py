"""The field's terms that every room shares, as enums: what a signal does, what is traded, how an order is priced."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Environment(StrEnum):
    """Which deployment a signal is for."""

    STAGING = "staging"
    PRODUCTION = "production"


class SignalType(StrEnum):
    """What a signal does to the sender's own position. UNSPECIFIED: the sender did not say."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    SCALE_IN = "SCALE_IN"
    SCALE_OUT = "SCALE_OUT"
    CANCEL = "CANCEL"
    UNSPECIFIED = "UNSPECIFIED"

    @property
    def opens(self) -> bool:
        """Whether it adds to a position, so that everything an order needs must be stated."""
        return self in (SignalType.ENTRY, SignalType.SCALE_IN)

    @property
    def closes(self) -> bool:
        """Whether it can only reduce what is there. UNSPECIFIED neither opens nor closes yet."""
        return self in (SignalType.EXIT, SignalType.SCALE_OUT, SignalType.CANCEL)


class AssetClass(StrEnum):
    """What kind of instrument a leg is on."""

    STOCK = "STOCK"
    ETF = "ETF"
    OPTION = "OPTION"
    FOREX = "FOREX"
    FUTURE = "FUTURE"
    CRYPTO = "CRYPTO"


class Side(StrEnum):
    """The side of the order."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """How the order is to be priced."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"


class Right(StrEnum):
    """Call or put."""

    CALL = "C"
    PUT = "P"


class SizingMode(StrEnum):
    """How an entry's quantity follows from its signal."""

    SCALE = "scale"
    FULL_CAPITAL = "full_capital"
    FIXED_PCT = "fixed_pct"
    TARGET_WEIGHT = "target_weight"


class OrderRole(StrEnum):
    """What an order is for. STOP and TARGET are attached to an entry and close what it opened."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    STOP = "STOP"
    TARGET = "TARGET"

    @property
    def closes(self) -> bool:
        """Whether it can only reduce a position."""
        return self is not OrderRole.ENTRY

    @property
    def is_attached(self) -> bool:
        """Whether it waits for an entry's fill."""
        return self in (OrderRole.STOP, OrderRole.TARGET)


class DecisionOutcome(StrEnum):
    """What became of a signal in a fund."""

    APPROVED = "APPROVED"
    RESIZED = "RESIZED"
    REJECTED = "REJECTED"
    DROPPED = "DROPPED"


class HaltState(StrEnum):
    """What may be sent: everything; exits and cancels only; cancels only."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"

    @property
    def allows_entries(self) -> bool:
        """Whether orders that open or add to a position may be sent."""
        return self is HaltState.ACTIVE

    @property
    def allows_exits(self) -> bool:
        """Whether orders that reduce a position may be sent. Cancels always may."""
        return self is not HaltState.HALTED

    def is_stricter_than(self, other: HaltState) -> bool:
        """Whether it allows less."""
        return _STRICTNESS.index(self) > _STRICTNESS.index(other)

    @classmethod
    def strictest(cls, states: Iterable[HaltState]) -> HaltState:
        """The one that allows least; ACTIVE of none."""
        return max(states, key=_STRICTNESS.index, default=cls.ACTIVE)


_STRICTNESS = (HaltState.ACTIVE, HaltState.REDUCING, HaltState.HALTED)
