"""The instrument key: one text per instrument, the same for every sender.

==========================  ==============================
`STOCK:AAPL` `ETF:SPY`      asset class, symbol
`FOREX:EURUSD`              asset class, pair
`CRYPTO:BTC`                asset class, coin
`FUTURE:GC:COMEX:20250226`  root, exchange, day of expiry
`OPTION:SPY:20250117:450:C` underlying, day of expiry, strike without needless zeros, right
==========================  ==============================
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from fund_pipeline.errors import InputError
from fund_pipeline.terms import AssetClass, Right


@dataclass(frozen=True)
class KeyParts:
    """An instrument key taken apart; what its asset class does not have is None."""

    asset_class: AssetClass
    symbol: str
    exchange: str | None = None
    expiry: date | None = None
    strike: Decimal | None = None
    right: Right | None = None


def instrument_key(
    asset_class: AssetClass | None,
    symbol: str,
    *,
    exchange: str | None = None,
    expiry: date | None = None,
    strike: Decimal | None = None,
    right: Right | None = None,
) -> str | None:
    """The key, or None where a part it needs is not known. A stock's exchange is no part of its key."""
    match asset_class:
        case None:
            return None
        case AssetClass.FUTURE:
            return None if exchange is None or expiry is None else f"FUTURE:{symbol}:{exchange}:{expiry:%Y%m%d}"
        case AssetClass.OPTION:
            if expiry is None or strike is None or right is None:
                return None
            return f"OPTION:{symbol}:{expiry:%Y%m%d}:{_plain(strike)}:{right}"
        case _:
            return f"{asset_class}:{symbol}"


def parse_key(key: str) -> KeyParts:
    """The parts of a key that `instrument_key` made. InputError for what is none."""
    name, *parts = key.split(":")
    try:
        match AssetClass(name), parts:
            case AssetClass.FUTURE, [symbol, exchange, day]:
                return KeyParts(AssetClass.FUTURE, symbol, exchange, _day(day))
            case AssetClass.OPTION, [symbol, day, strike, right]:
                return KeyParts(AssetClass.OPTION, symbol, None, _day(day), Decimal(strike), Right(right))
            case asset_class, [symbol] if symbol and asset_class not in (AssetClass.FUTURE, AssetClass.OPTION):
                return KeyParts(asset_class, symbol)
    except (ValueError, InvalidOperation):
        pass
    raise InputError(f"{key!r} is no instrument key", remedy="write it as STOCK:AAPL; see docs/signals.md")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _plain(strike: Decimal) -> str:
    text = f"{strike:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
