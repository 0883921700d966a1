"""How an order is to be priced, and the prices around it. 0 and null mean that a price is not known, or is none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.signals.context import Reading
from fund_pipeline.signals.errors import SignalError, refusal
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.terms import AssetClass, OrderType

LARGEST_PRICE = Decimal(10) ** 12

_HAVE_LIMIT = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_HAVE_STOP = (OrderType.STOP, OrderType.STOP_LIMIT)
_MAY_BE_NEGATIVE = (AssetClass.FUTURE, AssetClass.OPTION)


@dataclass(frozen=True)
class Prices:
    """Order type and prices, in the instrument's currency; None where there is none or it is not known."""

    order_type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reference_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


def read_prices(fields: Fields, reading: Reading, asset_class: AssetClass | None) -> Prices:
    """Order type and prices of a leg.

    `price` is the limit of a LIMIT or STOP_LIMIT order without `limit_price`, the trigger of a STOP order without
    `stop_price`, else a reference. SignalError: UNKNOWN_ORDER_TYPE, MISSING_PRICE, CONTRADICTION (a price that the
    order type has not), BAD_PRICE, BAD_NUMBER, WRONG_TYPE.
    """
    stated = fields.choice("order_type", OrderType, QuarantineReason.UNKNOWN_ORDER_TYPE)
    if stated is None:
        reading.note(NoteCode.ORDER_TYPE_DEFAULT, fields.at("order_type"), "not stated: MARKET")
    kind = stated or OrderType.MARKET
    reader = _Reader(fields, reading, asset_class, forgiving=reading.type.closes and kind is OrderType.MARKET)
    price, stop = reader.read("price"), reader.read("stop_price")
    limit = reader.read("limit_price")
    stop_loss, take_profit = reader.read("stop_loss"), reader.read("take_profit")
    if kind is OrderType.STOP and stop is None and price is not None:
        reading.note(NoteCode.STOP_FROM_PRICE, fields.at("price"), f"price {price} is the trigger")
        stop, price = price, None
    if kind in _HAVE_LIMIT:
        limit, price = (price, None) if limit is None else (limit, price)
        reader.require("limit_price" if fields.get("limit_price") is not None else "price", limit, kind)
    if kind in _HAVE_STOP:
        reader.require("stop_price", stop, kind)
    limit = reader.only_for(kind, "limit_price", limit, _HAVE_LIMIT)
    stop = reader.only_for(kind, "stop_price", stop, _HAVE_STOP)
    return Prices(kind, limit, stop, price, stop_loss, take_profit)


@dataclass(frozen=True)
class _Reader:
    fields: Fields
    reading: Reading
    asset_class: AssetClass | None
    forgiving: bool

    def read(self, name: str) -> Decimal | None:
        try:
            return self._checked(name)
        except SignalError as wrong:
            if not self.forgiving:
                raise
            self.reading.note(NoteCode.PRICE_IGNORED, self.fields.at(name), wrong.problem.message)
            return None

    def require(self, name: str, price: Decimal | None, kind: OrderType) -> None:
        if price is None:
            raise refusal(QuarantineReason.MISSING_PRICE, self.fields.at(name), message=f"a {kind} order needs it")

    def only_for(
        self, kind: OrderType, name: str, price: Decimal | None, kinds: tuple[OrderType, ...]
    ) -> Decimal | None:
        # A MARKET order with a limit is no order that a sender can have meant, least of all where MARKET is a default.
        if price is None or kind in kinds:
            return price
        message = f"a {kind} order has none"
        if not self.forgiving:
            remedy = f"leave it out, or send order_type {' or '.join(kinds)}"
            raise refusal(QuarantineReason.CONTRADICTION, self.fields.at(name), price, message, remedy)
        self.reading.note(NoteCode.PRICE_IGNORED, self.fields.at(name), message)
        return None

    def _checked(self, name: str) -> Decimal | None:
        price = self.fields.number(name)
        if price is None:
            return None
        if price == 0:
            if name == "price":
                self.reading.note(NoteCode.PRICE_UNKNOWN, self.fields.at(name), "0 read as not known")
            return None
        if (price < 0 and self.asset_class not in _MAY_BE_NEGATIVE) or not -LARGEST_PRICE <= price <= LARGEST_PRICE:
            raise refusal(QuarantineReason.BAD_PRICE, self.fields.at(name), price)
        return price
