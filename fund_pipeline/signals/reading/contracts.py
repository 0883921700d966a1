"""What tells one future or option from another: expiry, strike, right, exchange."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from fund_pipeline.signals.context import Reading
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reading.quantities import LARGEST_QUANTITY
from fund_pipeline.signals.reading.resolving import Resolved
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.terms import AssetClass, Right

_DASHED = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PLAIN = re.compile(r"\d{8}", re.ASCII)
_RIGHTS = {"C": Right.CALL, "CALL": Right.CALL, "P": Right.PUT, "PUT": Right.PUT}


def read_expiry(fields: Fields, reading: Reading) -> date | None:
    """The day of expiry, None where not stated; a note where it was past when sent. SignalError: BAD_EXPIRY."""
    value, path = fields.get("expiry"), fields.at("expiry")
    if value is None:
        return None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    written = str(value) if is_number else fields.text("expiry") or ""
    text = written.replace("-", "") if _DASHED.fullmatch(written) else written
    try:
        day = datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date() if _PLAIN.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise refusal(QuarantineReason.BAD_EXPIRY, path, value)
    if is_number or text != written:
        reading.note(NoteCode.EXPIRY_REWRITTEN, path, f"{written} read as {text}")
    if day < reading.sent_at.date():
        reading.note(NoteCode.EXPIRED, path, f"expired {day:%Y-%m-%d}, sent {reading.sent_at:%Y-%m-%d}")
    return day


def read_strike(fields: Fields) -> Decimal | None:
    """The strike, None where not stated. SignalError: MISSING_STRIKE if not above 0, BAD_NUMBER, WRONG_TYPE."""
    strike = fields.number("strike")
    if strike is not None and not 0 < strike <= LARGEST_QUANTITY:
        raise refusal(QuarantineReason.MISSING_STRIKE, fields.at("strike"), strike, "a strike is above 0")
    return strike


def read_right(fields: Fields, *, on_call: bool = False) -> Right | None:
    """Call or put, None where not stated; `on_call` where the action says call.

    SignalError: MISSING_RIGHT for any other text, CONTRADICTION for a put where the action says call.
    """
    text = fields.text("right")
    if text is None:
        return Right.CALL if on_call else None
    right = _RIGHTS.get(text.upper())
    if right is None:
        raise refusal(QuarantineReason.MISSING_RIGHT, fields.at("right"), text)
    if on_call and right is Right.PUT:
        raise refusal(QuarantineReason.CONTRADICTION, fields.at("right"), text, "the action buys a call")
    return right


def exchange_of(fields: Fields, reading: Reading, resolved: Resolved) -> str | None:
    """Where a leg trades, in the master's spelling.

    An entry must state a future's exchange, and state it right; an exit's is taken from the master. SignalError:
    WRONG_EXCHANGE.
    """
    instrument = resolved.instrument
    if instrument is None:
        return resolved.exchange
    if instrument.asset_class is not AssetClass.FUTURE or resolved.exchange == instrument.exchange:
        return instrument.exchange
    path = fields.at("exchange")
    if reading.type.closes:
        words = f"{resolved.exchange or 'nothing'} stated, {instrument.exchange} taken"
        reading.note(NoteCode.EXCHANGE_INFERRED, path, words)
        return instrument.exchange
    if resolved.exchange is None:
        return None
    message = f"{instrument.symbol} trades on {instrument.exchange}"
    raise refusal(QuarantineReason.WRONG_EXCHANGE, path, resolved.exchange, message)
