"""Options ordered as one: legs in the sender's order, in exact proportion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm

from fund_pipeline.signals.context import Reading
from fund_pipeline.signals.errors import inside, refusal
from fund_pipeline.signals.model import Leg
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.options import QuantityMeans
from fund_pipeline.signals.reading.fields import EXACT, Fields
from fund_pipeline.signals.reading.prices import Prices, read_prices
from fund_pipeline.signals.reading.quantities import read_units
from fund_pipeline.signals.reading.single_leg import fields_of, read_leg
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.terms import AssetClass, OrderType

MOST_LEGS = 20


def read_combination(fields: Fields, reading: Reading, number: int) -> tuple[Leg, ...]:
    """The legs of an object with `legs`, as combination `number`; a single one is an ordinary leg.

    The object names the underlying and how the whole is priced; each leg has its own strike, expiry, right and action.
    A leg's quantity is its whole quantity, unless the object has one too: then they are the ratio, if in lowest terms.
    SignalError: those of a leg, TOO_MANY_LEGS, AMBIGUOUS_QUANTITY, BAD_WEIGHT, UNKNOWN_ORDER_TYPE, BAD_PRICE.
    """
    items, path = fields.get("legs"), fields.at("legs")
    if not isinstance(items, list):
        raise refusal(QuarantineReason.WRONG_TYPE, path, items, remedy="send a list of option legs")
    if len(items) > MOST_LEGS:
        raise refusal(QuarantineReason.TOO_MANY_LEGS, path, len(items))
    _refuse_weight(fields, reading)
    if (action := fields.get("action")) is not None:
        reading.note(NoteCode.COMBINATION_ACTION, fields.at("action"), f"{str(action)[:40]!a} is not used")
    views = [_leg_fields(fields, item, inside(path, index)) for index, item in enumerate(items)]
    legs = [read_leg(view, reading) for view in views]
    legs = _with_quantities(fields, reading, legs, path)
    prices = read_prices(fields, reading, AssetClass.OPTION)
    if len(legs) == 1:
        return (_priced_alone(legs[0], prices),)
    _refuse_stops(fields, prices)
    net = prices.limit_price if prices.order_type is OrderType.LIMIT else prices.reference_price
    return tuple(replace(leg, order_type=prices.order_type, net_price=net, combination=number) for leg in legs)


def _leg_fields(fields: Fields, item: object, path: str) -> Fields:
    """A leg's own fields, with the underlying and the type from the object it stands in."""
    own = fields_of(item, path)
    shared = {"underlying": fields.get("underlying"), "instrument_type": fields.get("instrument_type")}
    raw = {**own.raw, **shared, "order_type": OrderType.MARKET.value}
    return Fields(raw, path)


def _refuse_weight(fields: Fields, reading: Reading) -> None:
    weighs = reading.context.options.quantity_means is QuantityMeans.TARGET_WEIGHT
    if not reading.type.closes and (weighs or fields.get("target_allocation") is not None):
        message = "an option combination has no target weight"
        raise refusal(QuarantineReason.BAD_WEIGHT, fields.at("quantity"), fields.get("quantity"), message)


def _refuse_stops(fields: Fields, prices: Prices) -> None:
    if prices.order_type not in (OrderType.MARKET, OrderType.LIMIT):
        path, message = fields.at("order_type"), "an option combination is ordered at MARKET or LIMIT"
        raise refusal(QuarantineReason.UNKNOWN_ORDER_TYPE, path, prices.order_type.value, message)
    for name, price in (("stop_loss", prices.stop_loss), ("take_profit", prices.take_profit)):
        if price is not None:
            message = "an option combination has no protective order of its own"
            raise refusal(QuarantineReason.BAD_PRICE, fields.at(name), price, message, "send it on a leg, or none")


def _priced_alone(leg: Leg, prices: Prices) -> Leg:
    return replace(
        leg,
        ratio=None,
        order_type=prices.order_type,
        limit_price=prices.limit_price,
        stop_price=prices.stop_price,
        reference_price=prices.reference_price if leg.reference_price is None else leg.reference_price,
        stop_loss=prices.stop_loss if leg.stop_loss is None else leg.stop_loss,
        take_profit=prices.take_profit if leg.take_profit is None else leg.take_profit,
    )


def _with_quantities(fields: Fields, reading: Reading, legs: list[Leg], path: str) -> list[Leg]:
    whole = read_units(fields, reading)
    stated = [leg.quantity for leg in legs if leg.quantity is not None]
    if len(stated) < len(legs):
        if stated or reading.type.opens:
            # Without every leg's quantity there is no ratio, and without one no order.
            index = next(i for i, leg in enumerate(legs) if leg.quantity is None)
            where = inside(inside(path, index), "quantity")
            raise refusal(QuarantineReason.MISSING_QUANTITY, where, message="every leg of a combination has a quantity")
        if whole is not None:
            reading.note(NoteCode.QUANTITY_IGNORED, fields.at("quantity"), f"{whole} of a ratio that is not stated")
        return legs
    ratio, unit = _ratio(stated)
    if whole is None or Fraction(whole) == unit:
        factor = Decimal(1)
    elif unit == 1:
        factor = whole
        reading.note(NoteCode.COMBINATION_QUANTITY, fields.at("quantity"), f"{whole} times {':'.join(map(str, ratio))}")
    else:
        raise refusal(QuarantineReason.AMBIGUOUS_QUANTITY, fields.at("quantity"), whole)
    return [
        replace(leg, quantity=EXACT.multiply(quantity, factor), ratio=part)
        for leg, quantity, part in zip(legs, stated, ratio, strict=True)
    ]


def _ratio(quantities: Sequence[Decimal]) -> tuple[tuple[int, ...], Fraction]:
    """Quantities > 0 in lowest terms, and the quantity that 1 stands for."""
    fractions = [Fraction(quantity) for quantity in quantities]
    common = lcm(*(one.denominator for one in fractions))
    parts = [int(one * common) for one in fractions]
    greatest = gcd(*parts)
    return tuple(part // greatest for part in parts), Fraction(greatest, common)
