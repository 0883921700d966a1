"""When a signal was sent: whole seconds since 1970 as documented, and the other ways in which it has been seen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fund_pipeline.signals.errors import SignalError, refusal
from fund_pipeline.signals.notes import Note, NoteCode
from fund_pipeline.signals.reasons import RejectionReason
from fund_pipeline.signals.texts import refuse_placeholder

CLOCK_TOLERANCE = timedelta(seconds=60)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?", re.ASCII)
_FROM_YEAR_5138 = Decimal(10) ** 11
_SCALES = ((1, "seconds"), (1000, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds"))


def read_sent_at(value: object, field: str) -> tuple[datetime, tuple[Note, ...]]:
    """The time of sending, in UTC, and what had to be said about how it was written.

    Numbers from 1e11 on, which as seconds would lie beyond the year 5138, are milli-, micro- or nanoseconds. A text is
    a number or ISO 8601; without an offset it is UTC. SignalError: MISSING_FIELD, WRONG_TYPE, PLACEHOLDER, BAD_TIME.
    """
    if value is None or value == "":
        raise refusal(RejectionReason.MISSING_FIELD, field, value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise refusal(RejectionReason.WRONG_TYPE, field, value, remedy="send whole seconds since 1970, UTC")
    if not isinstance(value, str):
        return _from_number(Decimal(value), value, field)
    refuse_placeholder(value, field, RejectionReason.PLACEHOLDER)
    said = Note(NoteCode.TIME_FROM_TEXT, field, f"{value[:40]!a} was a text")
    if _NUMBER.fullmatch(value.strip()):
        moment, notes = _from_number(Decimal(value.strip()), value, field)
        return moment, (said, *notes)
    return _from_iso(value, field, said)


def compare_timestamp(sent_at: datetime, timestamp: object) -> tuple[Note, ...]:
    """A note where an ISO `timestamp` beside the time of sending tells another; an unreadable one says nothing."""
    if not isinstance(timestamp, str):
        return ()
    try:
        other, _ = read_sent_at(timestamp, "timestamp")
    except SignalError:
        return ()
    apart = abs(other - sent_at)
    if apart <= CLOCK_TOLERANCE:
        return ()
    words = f"timestamp {other.isoformat()} is {apart.total_seconds():.0f} s from {sent_at.isoformat()}"
    return (Note(NoteCode.TIMES_DIFFER, "timestamp", words),)


def clock_notes(sent_at: datetime, received_at: datetime, freshness_seconds: int, field: str) -> tuple[Note, ...]:
    """STALE or SENT_AHEAD, where the two times are further apart than the sender's freshness or the tolerance."""
    age = (received_at - sent_at).total_seconds()
    if age > freshness_seconds:
        words = f"sent {sent_at.isoformat()}, received {age:.0f} s later; entries may be {freshness_seconds} s old"
        return (Note(NoteCode.STALE, field, words),)
    if -age > CLOCK_TOLERANCE.total_seconds():
        return (Note(NoteCode.SENT_AHEAD, field, f"sent {sent_at.isoformat()}, received {-age:.0f} s before that"),)
    return ()


def _from_number(number: Decimal, value: object, field: str) -> tuple[datetime, tuple[Note, ...]]:
    for scale, unit in _SCALES:
        seconds = number / scale
        if 0 <= seconds < _FROM_YEAR_5138:
            moment = _EPOCH + timedelta(microseconds=int(seconds * 10**6))
            words = f"{number} read as {unit}: {moment.isoformat()}"
            return moment, () if scale == 1 else (Note(NoteCode.TIME_SCALED, field, words),)
    raise refusal(RejectionReason.BAD_TIME, field, value)


def _from_iso(value: str, field: str, said: Note) -> tuple[datetime, tuple[Note, ...]]:
    if len(value.strip()) <= len("2025-01-01"):
        raise refusal(RejectionReason.BAD_TIME, field, value, "no time of day can be read")
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is not None:
            return moment.astimezone(UTC), (said,)
    except (ValueError, OverflowError):
        raise refusal(RejectionReason.BAD_TIME, field, value) from None
    assumed = Note(NoteCode.TIME_ZONE_ASSUMED, field, f"{value[:40]!a} has no offset: read as UTC")
    return moment.replace(tzinfo=UTC), (said, assumed)
