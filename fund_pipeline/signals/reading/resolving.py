"""Which instrument a leg is on, from the sender's spelling, the stated type and the instrument master."""

from __future__ import annotations

from dataclasses import dataclass

from fund_pipeline.instruments import Instrument, Spelling
from fund_pipeline.signals.context import Reading
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.terms import AssetClass

_LISTED = (AssetClass.STOCK, AssetClass.ETF)


@dataclass(frozen=True)
class Resolved:
    """What a leg is on.

    Attributes
    ----------
    symbol : the master's name, else the sender's in capitals.
    instrument : how it trades; None where the type is not known, which an entry is refused for.
    exchange : as stated, in the master's spelling; None where not stated.
    """

    symbol: str
    instrument: Instrument | None
    exchange: str | None

    @property
    def asset_class(self) -> AssetClass | None:
        """The type, if it is known."""
        return None if self.instrument is None else self.instrument.asset_class


def resolve(fields: Fields, reading: Reading, *, name: str, must_be: AssetClass | None = None) -> Resolved:
    """The instrument in field `name`; `must_be` is what the action or the envelope says of its type.

    SignalError: MISSING_INSTRUMENT, UNKNOWN_INSTRUMENT, UNKNOWN_INSTRUMENT_TYPE, INSTRUMENT_MISMATCH, CONTRADICTION.
    """
    master = reading.context.master
    written = fields.text(name)
    if written is None:
        raise refusal(QuarantineReason.MISSING_INSTRUMENT, fields.at(name))
    spelled = master.spelling(written)
    if spelled is None:
        raise refusal(QuarantineReason.UNKNOWN_INSTRUMENT, fields.at(name), written, "no name of an instrument")
    exchange = fields.text("exchange")
    exchange = master.exchange(exchange) if exchange is not None else spelled.exchange
    asset_class = _stated_class(fields, must_be)
    if asset_class is None:
        found = _inferred(fields, reading, spelled, exchange)
    else:
        found = _of_class(fields, reading, name, spelled, exchange, asset_class)
    symbol = spelled.symbol if found is None else found.symbol
    if symbol != written:
        reading.note(NoteCode.SPELLING, fields.at(name), f"{written[:40]!a} read as {symbol}")
    return Resolved(symbol, found, exchange)


def _stated_class(fields: Fields, must_be: AssetClass | None) -> AssetClass | None:
    stated = fields.choice("instrument_type", AssetClass, QuarantineReason.UNKNOWN_INSTRUMENT_TYPE)
    if stated is not None and must_be is not None and stated is not must_be:
        message = f"the leg is said to be {stated}, and its other fields say {must_be}"
        raise refusal(QuarantineReason.CONTRADICTION, fields.at("instrument_type"), stated.value, message)
    return stated or must_be


def _inferred(fields: Fields, reading: Reading, spelled: Spelling, exchange: str | None) -> Instrument | None:
    """The only instrument the spelling can mean; None where there is none, or more than one."""
    master = reading.context.master
    if fields.get("strike") is not None or fields.get("right") is not None:
        found = master.of_class(spelled.symbol, AssetClass.OPTION)
    else:
        candidates = master.candidates(spelled.symbol)
        if fields.get("expiry") is not None:
            candidates = tuple(one for one in candidates if one.asset_class is AssetClass.FUTURE)
        elsewhere = any(one.also for one in candidates) and all(one.exchange != exchange for one in candidates)
        found = candidates[0] if len(candidates) == 1 and not elsewhere else None
    if found is not None:
        words = f"{found.symbol} is {found.asset_class} in the instrument master"
        reading.note(NoteCode.INSTRUMENT_TYPE_INFERRED, fields.at("instrument_type"), words)
    return found


def _of_class(
    fields: Fields, reading: Reading, name: str, spelled: Spelling, exchange: str | None, asset_class: AssetClass
) -> Instrument:
    master = reading.context.master
    candidates = master.candidates(spelled.symbol)
    others = [one for one in candidates if asset_class is not one.asset_class and asset_class not in one.also]
    if asset_class is not AssetClass.OPTION and others and len(others) == len(candidates):
        other = others[0]
        if asset_class in _LISTED and other.asset_class in _LISTED:
            words = f"{asset_class} was stated; the instrument master has {other.asset_class}:{other.symbol}"
            reading.note(NoteCode.INSTRUMENT_TYPE_CORRECTED, fields.at("instrument_type"), words)
            return other
        message = f"{other.symbol} is {other.asset_class} in the instrument master, not {asset_class}"
        raise refusal(QuarantineReason.INSTRUMENT_MISMATCH, fields.at("instrument_type"), asset_class.value, message)
    found = master.of_class(spelled.symbol, asset_class, exchange)
    if found is None:
        message = f"the instrument master has no {asset_class} of this name"
        raise refusal(QuarantineReason.UNKNOWN_INSTRUMENT, fields.at(name), spelled.symbol, message)
    if not found.in_master:
        words = (
            f"{found.symbol} is taken on the sender's word, on the terms of a {found.asset_class} in {found.currency}"
        )
        reading.note(NoteCode.INSTRUMENT_NOT_IN_MASTER, fields.at(name), words)
    return found
