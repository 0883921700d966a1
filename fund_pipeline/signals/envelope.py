"""What must be there for a signal to be stored and answered 200, whatever its payload is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fund_pipeline.signals.digest import PASSPHRASE, SignalKey
from fund_pipeline.signals.errors import inside, refusal
from fund_pipeline.signals.notes import Note
from fund_pipeline.signals.reasons import RejectionReason
from fund_pipeline.signals.sent_time import compare_timestamp, read_sent_at
from fund_pipeline.signals.texts import checked_id
from fund_pipeline.terms import Environment

SENT = "signal_sent_EPOCH"
ENVIRONMENT = "environment"
LONGEST_PASSPHRASE = 1024


@dataclass(frozen=True)
class Envelope:
    """The checked envelope of a signal.

    Attributes
    ----------
    strategy : `strategy_name`; equals the strategy id.
    sender_signal_id : `signalID`.
    sent_at : `signal_sent_EPOCH`, UTC.
    environment : as stated at the top or in every leg that states one; None where none does.
    notes : how the time was written, where it was not as documented.
    """

    strategy: str
    sender_signal_id: str
    sent_at: datetime
    environment: Environment | None
    notes: tuple[Note, ...]

    @property
    def key(self) -> SignalKey:
        """What makes a signal the same again."""
        return SignalKey(self.strategy, self.sender_signal_id)


def passphrase_of(raw: Mapping[str, Any]) -> str:
    """The passphrase. SignalError (MISSING_FIELD, WRONG_TYPE), which never shows what was found."""
    value = raw.get(PASSPHRASE)
    if value is None or value == "":
        raise refusal(RejectionReason.MISSING_FIELD, PASSPHRASE)
    if not isinstance(value, str) or len(value) > LONGEST_PASSPHRASE:
        remedy = f"send a text of up to {LONGEST_PASSPHRASE} characters"
        raise refusal(RejectionReason.WRONG_TYPE, PASSPHRASE, remedy=remedy)
    return value


def read_envelope(raw: Mapping[str, Any]) -> Envelope:
    """The envelope, without the passphrase, so that what was stored can be read again.

    SignalError: MISSING_FIELD, WRONG_TYPE, BAD_ID, PLACEHOLDER, BAD_TIME, UNKNOWN_ENVIRONMENT, MIXED_ENVIRONMENTS.
    """
    strategy = checked_id(raw.get("strategy_name"), "strategy_name")
    sender_signal_id = checked_id(raw.get("signalID"), "signalID")
    sent_at, notes = read_sent_at(raw.get(SENT), SENT)
    notes += compare_timestamp(sent_at, raw.get("timestamp"))
    return Envelope(strategy, sender_signal_id, sent_at, _environment(raw), notes)


def accepted_environment(stated: Environment | None, registered: Environment, deployed: Environment) -> Environment:
    """The environment of a signal: the stated one, else the sender's. SignalError WRONG_ENVIRONMENT for another's."""
    found = stated or registered
    if found is not deployed:
        message = f"this deployment takes {deployed} signals only"
        raise refusal(RejectionReason.WRONG_ENVIRONMENT, ENVIRONMENT, found.value, message)
    return found


def _environment(raw: Mapping[str, Any]) -> Environment | None:
    found: Environment | None = None
    for field, value in _stated(raw):
        one = _one_environment(field, value)
        if found is not None and one is not found:
            raise refusal(RejectionReason.MIXED_ENVIRONMENTS, field, value, f"another part says {found}")
        found = one
    return found


def _stated(raw: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    parts: list[tuple[str, object]] = [("", raw), ("signal", raw.get("signal"))]
    legs = raw.get("signal_legs")
    parts += [(inside("signal_legs", index), leg) for index, leg in enumerate(legs)] if isinstance(legs, list) else []
    for path, part in parts:
        if isinstance(part, Mapping) and part.get(ENVIRONMENT) not in (None, ""):
            yield inside(path, ENVIRONMENT), part[ENVIRONMENT]


def _one_environment(field: str, value: object) -> Environment:
    if not isinstance(value, str):
        raise refusal(RejectionReason.WRONG_TYPE, field, value, remedy=RejectionReason.UNKNOWN_ENVIRONMENT.remedy)
    try:
        return Environment(value.strip().lower())
    except ValueError:
        raise refusal(RejectionReason.UNKNOWN_ENVIRONMENT, field, value) from None
