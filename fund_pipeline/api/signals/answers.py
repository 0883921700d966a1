"""What is told about signals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from fund_pipeline.ledger.signal_model import RawSignal, SignalRow, SignalState, Transition, WayIn
from fund_pipeline.signals.inbox import Explanation


class State(StrEnum):
    """Where a signal is: on the spool, or in one of the ledger's states."""

    SPOOLED = "SPOOLED"
    RECEIVED = "RECEIVED"
    STANDARDISED = "STANDARDISED"
    QUARANTINED = "QUARANTINED"
    REJECTED = "REJECTED"
    CLAIMED = "CLAIMED"
    DECIDED = "DECIDED"


class Wrong(BaseModel):
    """What keeps a signal from being decided."""

    reason: str = Field(description="For programs.")
    field: str = Field(description="Path of the field; empty where the whole is meant.")
    value: str | None = Field(None, description="What was found there, as JSON, cut to 100 characters.")
    message: str
    remedy: str


class Noted(BaseModel):
    """Something inferred, defaulted, ignored or flagged, and why."""

    code: str
    field: str
    words: str


class Changed(BaseModel):
    """One change of a signal's state."""

    at: datetime
    before: SignalState
    after: SignalState
    reason: str | None = None
    problem: Wrong | None = None
    by: str | None = Field(None, description="Who did it; not told to senders.")

    @classmethod
    def of(cls, step: Transition, *, with_actors: bool) -> Changed:
        """As the ledger has it."""
        return cls(
            at=step.at,
            before=step.before,
            after=step.after,
            reason=step.reason,
            problem=_wrong(step.problem),
            by=step.actor if with_actors else None,
        )


class SignalSummary(BaseModel):
    """A signal in a list."""

    signal_id: str
    strategy: str
    sender: str
    sender_signal_id: str = Field(description="The sender's own `signalID`.")
    state: State
    reason: str | None = Field(None, description="Why it is not going on; absent where it is.")
    type: str | None = Field(None, description="ENTRY, EXIT, SCALE_IN, SCALE_OUT, CANCEL or UNSPECIFIED, once read.")
    received_at: datetime
    sent_at: datetime | None = Field(None, description="When the sender says it was sent; once read.")

    @classmethod
    def of(cls, row: SignalRow) -> SignalSummary:
        """As the ledger has it."""
        return cls(**_head(row))


class SignalAnswer(SignalSummary):
    """What became of a signal."""

    way_in: WayIn
    updated_at: datetime
    problem: Wrong | None = None
    environment: str | None = None
    format: str | None = Field(None, description="The envelope it was read as.")
    reference: str | None = Field(None, description="The entry that it closes, scales or cancels, as it was sent.")
    sender_equity: str | None = Field(None, description="The equity its quantities are meant for.")
    legs: list[dict[str, Any]] = Field(description="As they were read; decimals are texts. Empty until then.")
    inferred: list[Noted] = Field(description="What was inferred, defaulted, ignored or flagged, and why.")
    transitions: list[Changed] = Field(description="Each change of its state, in order.")

    @classmethod
    def of_explanation(cls, found: Explanation, *, with_actors: bool) -> SignalAnswer:
        """As the ledger has it."""
        row, read = found.signal, found.signal.standardised or {}
        return cls(
            **_head(row),
            way_in=found.raw.way_in,
            updated_at=row.updated_at,
            problem=_wrong(row.problem),
            environment=row.environment,
            format=row.format,
            reference=row.reference,
            sender_equity=read.get("sender_equity"),
            legs=[{name: value for name, value in leg.items() if value is not None} for leg in read.get("legs", ())],
            inferred=[Noted(**note) for note in read.get("inferred", ())],
            transitions=[Changed.of(step, with_actors=with_actors) for step in found.transitions],
        )

    @classmethod
    def of_spooled(cls, raw: RawSignal) -> SignalAnswer:
        """As it waits on the spool."""
        return cls(
            signal_id=raw.signal_id,
            strategy=raw.strategy,
            sender=raw.sender_id,
            sender_signal_id=raw.sender_signal_id,
            state=State.SPOOLED,
            received_at=raw.received_at,
            way_in=raw.way_in,
            updated_at=raw.received_at,
            legs=[],
            inferred=[],
            transitions=[],
        )


class SignalList(BaseModel):
    """Signals, newest first."""

    signals: list[SignalSummary]


def _head(row: SignalRow) -> dict[str, Any]:
    return {
        "signal_id": row.signal_id,
        "strategy": row.strategy,
        "sender": row.sender_id,
        "sender_signal_id": row.sender_signal_id,
        "state": State(row.state.value),
        "reason": row.reason,
        "type": row.type,
        "received_at": row.received_at,
        "sent_at": row.sent_at,
    }


def _wrong(problem: Mapping[str, Any] | None) -> Wrong | None:
    return None if problem is None else Wrong.model_validate(dict(problem))
