"""One leg on one instrument, from one JSON object, whichever envelope it stands in."""

from __future__ import annotations

from collections.abc import Mapping

from fund_pipeline.instruments import instrument_key
from fund_pipeline.signals.completeness import gaps
from fund_pipeline.signals.context import Reading
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.model import Leg
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.reading.actions import read_action, read_direction
from fund_pipeline.signals.reading.contracts import exchange_of, read_expiry, read_right, read_strike
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reading.prices import read_prices
from fund_pipeline.signals.reading.quantities import read_amount
from fund_pipeline.signals.reading.resolving import resolve
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.terms import AssetClass

LEG_NAMES: Mapping[str, tuple[str, ...]] = {
    "instrument": ("instrument", "ticker"),
    "underlying": ("underlying", "instrument", "ticker"),
}
"""A leg's instrument is `instrument`, or `ticker` in the first envelope; an option's `underlying` comes before both."""


def fields_of(value: object, path: str, beside: Fields | None = None) -> Fields:
    """The fields of an order, and those `beside` it. SignalError WRONG_TYPE for anything but a JSON object."""
    if not isinstance(value, Mapping):
        raise refusal(QuarantineReason.WRONG_TYPE, path, value, remedy="send an object")
    return Fields(value, path, LEG_NAMES, beside)


def note_account(fields: Fields, reading: Reading) -> None:
    """Record a broker account that the sender chose."""
    if (account := fields.get("account")) is not None:
        reading.note(NoteCode.ACCOUNT_IGNORED, fields.at("account"), f"account {str(account)[:40]!a} is not used")


def read_leg(fields: Fields, reading: Reading) -> Leg:
    """A single leg. SignalError for whatever it lacks or has wrong; see the reasons."""
    action = read_action(fields, reading)
    has_underlying = fields.raw.get("underlying") not in (None, "")
    name = "underlying" if has_underlying else "instrument"
    must_be = AssetClass.OPTION if action.on_call or has_underlying else None
    resolved = resolve(fields, reading, name=name, must_be=must_be)
    is_option = resolved.asset_class is AssetClass.OPTION
    expiry = read_expiry(fields, reading)
    strike = read_strike(fields) if is_option else None
    right = read_right(fields, on_call=action.on_call) if is_option else None
    exchange = exchange_of(fields, reading, resolved)
    amount = read_amount(fields, reading, action)
    prices = read_prices(fields, reading, resolved.asset_class)
    terms = resolved.instrument
    leg = Leg(
        symbol=resolved.symbol,
        key=instrument_key(
            resolved.asset_class, resolved.symbol, exchange=exchange, expiry=expiry, strike=strike, right=right
        ),
        asset_class=resolved.asset_class,
        side=action.side,
        quantity=amount.quantity,
        target_weight=amount.target_weight,
        closes_all=action.closes_all,
        order_type=prices.order_type,
        limit_price=prices.limit_price,
        stop_price=prices.stop_price,
        reference_price=prices.reference_price,
        stop_loss=prices.stop_loss,
        take_profit=prices.take_profit,
        expiry=expiry,
        exchange=exchange,
        multiplier=None if terms is None else terms.multiplier,
        currency=None if terms is None else terms.currency,
        strike=strike,
        right=right,
        direction=read_direction(fields, reading, action.side),
    )
    check_complete(leg, fields, reading)
    return leg


def check_complete(leg: Leg, fields: Fields, reading: Reading) -> None:
    """SignalError where an entry lacks something; a note where another signal does."""
    needs_quantity = reading.context.needs_quantity if reading.type.opens else True
    lacking = gaps(leg, needs_quantity=needs_quantity)
    if lacking and reading.type.opens:
        name, reason = lacking[0]
        raise refusal(reason, fields.at(name), fields.get(name))
    if lacking:
        reading.note(NoteCode.INCOMPLETE, fields.path, f"not stated: {', '.join(name for name, _ in lacking)}")
