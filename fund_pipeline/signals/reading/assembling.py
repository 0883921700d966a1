"""A whole signal, from the parts of a payload that may hold its head, and the way to read its legs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from fund_pipeline.signals.context import Context, Reading
from fund_pipeline.signals.envelope import ENVIRONMENT, SENT, Envelope, read_envelope
from fund_pipeline.signals.errors import SignalError, inside, refusal
from fund_pipeline.signals.model import Leg, Signal
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.reading.combinations import MOST_LEGS
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reading.single_leg import note_account
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.signals.sent_time import clock_notes
from fund_pipeline.signals.texts import refuse_placeholder, unfit
from fund_pipeline.terms import SignalType

ReadLegs = Callable[[Reading], tuple[Leg, ...]]


def assemble(
    raw: Mapping[str, Any], context: Context, name: str, heads: Sequence[Fields], read_legs: ReadLegs, legs_at: str
) -> Signal:
    """The standardised signal.

    Parameters
    ----------
    raw : the payload, as `parse_json` or `adopt` gives it; the passphrase need not be in it.
    context : what is known beside it.
    name : of the format.
    heads : where `signal_type`, `entry_signal_id` and `account_equity` may stand; stated twice they must agree.
    read_legs : reads the legs once the type is known.
    legs_at : path of the legs, for problems with all of them.

    Raises
    ------
    SignalError : the first problem found.
    """
    envelope = read_envelope(raw)
    reading = Reading(context, _type(heads), envelope.sent_at)
    _note_envelope(envelope, reading)
    for part in heads:
        note_account(part, reading)
    reference = _reference(heads, reading)
    equity = _equity(heads, reading)
    legs = read_legs(reading)
    _check_legs(legs, reading.type, reference, legs_at)
    return Signal(
        sender_signal_id=envelope.sender_signal_id,
        sender=context.sender,
        strategy=envelope.strategy,
        type=reading.type,
        legs=legs,
        sent_at=envelope.sent_at,
        received_at=context.received_at,
        sender_equity=equity,
        reference=reference,
        environment=envelope.environment or context.environment,
        format=name,
        inferred=tuple(reading.notes),
    )


def _the_one(heads: Sequence[Fields], name: str) -> Fields:
    """The part a field of the head stands in. SignalError CONTRADICTION where two parts differ."""
    stated = [part for part in heads if part.get(name) is not None]
    for part in stated[1:]:
        if part.get(name) != stated[0].get(name):
            message = f"{stated[0].at(name)} says otherwise"
            raise refusal(QuarantineReason.CONTRADICTION, part.at(name), part.get(name), message)
    return stated[0] if stated else heads[0]


def _type(heads: Sequence[Fields]) -> SignalType:
    part, reason = _the_one(heads, "signal_type"), QuarantineReason.UNKNOWN_SIGNAL_TYPE
    stated = part.choice("signal_type", SignalType, reason)
    if stated is SignalType.UNSPECIFIED:
        raise refusal(reason, part.at("signal_type"), stated.value)
    return stated or SignalType.UNSPECIFIED


def _note_envelope(envelope: Envelope, reading: Reading) -> None:
    context = reading.context
    reading.notes.extend(envelope.notes)
    reading.notes.extend(clock_notes(envelope.sent_at, context.received_at, context.options.freshness_seconds, SENT))
    if envelope.environment is None:
        words = f"{context.environment} is that of {context.sender}"
        reading.note(NoteCode.ENVIRONMENT_DEFAULT, ENVIRONMENT, words)
    if reading.type is SignalType.UNSPECIFIED:
        reading.note(NoteCode.TYPE_UNSPECIFIED, "signal_type", "not stated")


def _reference(heads: Sequence[Fields], reading: Reading) -> str | None:
    part = _the_one(heads, "entry_signal_id")
    value, path = part.get("entry_signal_id"), part.at("entry_signal_id")
    if value is None:
        return None
    refuse_placeholder(value, path)
    if not isinstance(value, str) or unfit(value):
        raise refusal(QuarantineReason.BAD_REFERENCE, path, value)
    if reading.type is SignalType.ENTRY:
        reading.note(NoteCode.REFERENCE_ON_ENTRY, path, f"{value} is not used")
    return value


def _equity(heads: Sequence[Fields], reading: Reading) -> Decimal | None:
    part = _the_one(heads, "account_equity")
    path, default = part.at("account_equity"), reading.context.options.equity
    try:
        equity = part.number("account_equity")
        if equity is not None and equity <= 0:
            raise refusal(QuarantineReason.BAD_EQUITY, path, equity)
    except SignalError as wrong:
        if not reading.type.closes:
            raise
        reading.note(NoteCode.EQUITY_IGNORED, path, wrong.problem.message)
        equity = None
    if equity is None and default is not None:
        reading.note(NoteCode.EQUITY_DEFAULT, path, f"{default} is registered for {reading.context.sender}")
        return default
    return equity


def _check_legs(legs: tuple[Leg, ...], kind: SignalType, reference: str | None, path: str) -> None:
    if kind is SignalType.CANCEL and reference is None:
        raise refusal(QuarantineReason.MISSING_REFERENCE, "entry_signal_id")
    if not legs and (reference is None or kind not in (SignalType.EXIT, SignalType.CANCEL)):
        raise refusal(QuarantineReason.NO_LEGS, path)
    if len(legs) > MOST_LEGS:
        raise refusal(QuarantineReason.TOO_MANY_LEGS, path, len(legs))
    seen: set[str] = set()
    for index, leg in enumerate(legs):
        name = leg.key or leg.symbol
        # An option whose strike is not stated may be any of several on its underlying.
        if name in seen and (leg.key is not None or leg.strike is None):
            raise refusal(QuarantineReason.SAME_INSTRUMENT_TWICE, inside(path, index), name)
        seen.add(name)
