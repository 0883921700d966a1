"""The field's terms that every room shares, as enums: what a signal does, what is traded, how an order is priced."""

from __future__ import annotations

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
