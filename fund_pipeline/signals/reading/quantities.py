"""How much: a number of units, or the share of capital to hold afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.signals.context import Reading
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.options import QuantityMeans
from fund_pipeline.signals.reading.actions import Action
from fund_pipeline.signals.reading.fields import EXACT, Fields
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.terms import Side, SignalType

LARGEST_QUANTITY = Decimal(10) ** 12

_PERCENT = "target_allocation"
_CHANGE = "percentage_change"


@dataclass(frozen=True)
class Amount:
    """A quantity > 0 in the sender's units, or a signed target weight, or neither where none was stated."""

    quantity: Decimal | None = None
    target_weight: Decimal | None = None


def read_amount(fields: Fields, reading: Reading, action: Action) -> Amount:
    """The amount of a leg. SignalError: BAD_QUANTITY, BAD_WEIGHT, AMBIGUOUS_TARGET, BAD_NUMBER, WRONG_TYPE."""
    if (change := fields.get(_CHANGE)) is not None:
        reading.note(NoteCode.PERCENTAGE_CHANGE, fields.at(_CHANGE), f"{str(change)[:40]!a} %, not used")
    if fields.get(_PERCENT) is not None:
        return Amount(target_weight=_percent(fields, reading, action))
    if reading.context.options.quantity_means is QuantityMeans.TARGET_WEIGHT:
        return Amount(target_weight=_weight(fields, reading, action))
    if action.closes_all:
        if (stated := fields.get("quantity")) is not None:
            reading.note(NoteCode.QUANTITY_IGNORED, fields.at("quantity"), f"{str(stated)[:40]!a} beside SELL_ALL")
        return Amount()
    return Amount(quantity=read_units(fields, reading))


def read_units(fields: Fields, reading: Reading) -> Decimal | None:
    """A quantity in units, > 0; None where none was stated."""
    quantity, path = fields.number("quantity"), fields.at("quantity")
    if quantity is None:
        return None
    if quantity == 0 and reading.type.opens and not reading.context.needs_quantity:
        reading.note(NoteCode.QUANTITY_IGNORED, path, "0, and the strategy's sizing takes no quantity")
        return None
    if not 0 < quantity <= LARGEST_QUANTITY:
        raise refusal(QuarantineReason.BAD_QUANTITY, path, quantity)
    return quantity


def _percent(fields: Fields, reading: Reading, action: Action) -> Decimal | None:
    percent, path = fields.number(_PERCENT), fields.at(_PERCENT)
    if percent is None or not 0 <= percent <= 100:
        raise refusal(QuarantineReason.BAD_WEIGHT, path, percent, remedy="send 0 to 100: 50 is half of the capital")
    weight = _signed(percent.scaleb(-2, EXACT), path, reading, action)
    reading.note(NoteCode.TARGET_PERCENT, path, f"{percent} % read as target weight {weight}")
    if (stated := fields.get("quantity")) is not None:
        reading.note(NoteCode.QUANTITY_IGNORED, fields.at("quantity"), f"{str(stated)[:40]!a} beside {_PERCENT}")
    return weight


def _weight(fields: Fields, reading: Reading, action: Action) -> Decimal | None:
    stated, path = fields.number("quantity"), fields.at("quantity")
    if stated is not None and not 0 <= stated <= 1:
        raise refusal(QuarantineReason.BAD_WEIGHT, path, stated, remedy="send 0 to 1: 0.5 is half of the capital")
    weight = _signed(stated, path, reading, action)
    if weight is not None:
        reading.note(NoteCode.TARGET_WEIGHT, path, f"{stated} read as target weight {weight}")
    return weight


def _signed(stated: Decimal | None, path: str, reading: Reading, action: Action) -> Decimal | None:
    """The weight to hold afterwards, below 0 for a short. An EXIT leaves nothing, whatever weight it names.

    BUY is a long and SELL a short on what opens; on a SCALE_OUT the order is opposite to what is left. With neither
    said, SELL may mean a short as well as the rest of a long.
    """
    if reading.type is SignalType.EXIT or action.closes_all:
        return Decimal(0)
    if stated is None or reading.type is SignalType.CANCEL:
        return None
    if stated == 0:
        return Decimal(0)
    if reading.type is SignalType.SCALE_OUT:
        if action.side is None:
            raise refusal(QuarantineReason.MISSING_ACTION, path, message="the side of what is left is not stated")
        return stated if action.side is Side.SELL else stated.copy_negate()
    if action.side is Side.SELL and not reading.type.opens:
        raise refusal(QuarantineReason.AMBIGUOUS_TARGET, path, stated)
    return stated if action.side is Side.BUY else stated.copy_negate()
