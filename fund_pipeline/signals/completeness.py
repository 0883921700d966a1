"""What an order that opens a position needs, asked when a signal is read and again when its type is inferred."""

from __future__ import annotations

from fund_pipeline.signals.errors import Problem, inside, refusal
from fund_pipeline.signals.model import Leg, Signal
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.terms import AssetClass

_WITH_EXPIRY = (AssetClass.FUTURE, AssetClass.OPTION)

Gap = tuple[str, QuarantineReason]


def gaps(leg: Leg, *, needs_quantity: bool = True) -> tuple[Gap, ...]:
    """The fields an entry on this leg would need and does not have, each with its reason; empty where all is there."""
    is_future, is_option = leg.asset_class is AssetClass.FUTURE, leg.asset_class is AssetClass.OPTION
    has_amount = leg.quantity is not None or leg.target_weight is not None or leg.closes_all
    checks = (
        (leg.asset_class is None, "instrument_type", QuarantineReason.MISSING_INSTRUMENT_TYPE),
        (leg.side is None, "action", QuarantineReason.MISSING_ACTION),
        (needs_quantity and not has_amount, "quantity", QuarantineReason.MISSING_QUANTITY),
        (leg.asset_class in _WITH_EXPIRY and leg.expiry is None, "expiry", QuarantineReason.MISSING_EXPIRY),
        (is_future and leg.exchange is None, "exchange", QuarantineReason.MISSING_EXCHANGE),
        (is_option and leg.strike is None, "strike", QuarantineReason.MISSING_STRIKE),
        (is_option and leg.right is None, "right", QuarantineReason.MISSING_RIGHT),
    )
    return tuple((name, reason) for lacks, name, reason in checks if lacks)


def entry_problem(signal: Signal, *, needs_quantity: bool = True) -> Problem | None:
    """Why a signal cannot open or add to a position; None where it can. For signals whose type was inferred.

    Fields are named within the standardised signal: `legs[0].quantity`.
    """
    if not signal.legs:
        return refusal(QuarantineReason.NO_LEGS, "legs").problem
    for index, leg in enumerate(signal.legs):
        path = inside("legs", index)
        if leg.closes_all:
            message = "SELL_ALL opens nothing"
            return refusal(QuarantineReason.CONTRADICTION, inside(path, "action"), message=message).problem
        for name, reason in gaps(leg, needs_quantity=needs_quantity):
            return refusal(reason, inside(path, name)).problem
    return None
