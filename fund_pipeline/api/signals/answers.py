"""What is told about signals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from fund_pipeline.ledger.order_model import DecisionRow, OrderRow
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


class Ordered(BaseModel):
    """One order of a signal, as its sender may know it: no account, nothing of the fund's money."""

    leg: int = Field(description="Of the signal, from 0.")
    role: str = Field(description="ENTRY, EXIT, STOP or TARGET.")
    instrument: str
    side: str
    order_type: str
    state: str
    reason: str | None = Field(None, description="Why it ended without being filled, or is to end.")
    ordered_quantity: str
    filled_quantity: str
    average_price: str | None = Field(None, description="Of what is filled, in the instrument's currency.")

    @classmethod
    def of(cls, row: OrderRow) -> Ordered:
        """As the ledger has it."""
        return cls(
            leg=row.leg,
            role=row.role.value,
            instrument=row.instrument_key,
            side=row.side.value,
            order_type=row.order_type.value,
            state=row.state.value,
            reason=row.reason or row.cancel_for,
            ordered_quantity=f"{row.quantity:f}",
            filled_quantity=f"{row.filled_quantity:f}",
            average_price=None if row.average_price is None else f"{row.average_price:f}",
        )


class DecidedFor(BaseModel):
    """What was decided about a signal, once for each fund; which fund is not told."""

    outcome: str = Field(description="APPROVED, RESIZED, REJECTED or DROPPED.")
    reason: str = Field(description="For programs; the table of reasons is in docs/sizing.md.")
    type: str = Field(description="Of the signal, inferred where it stated none.")
    decided_at: datetime
    orders: list[Ordered] = Field(description="Every attempt, oldest first.")

    @classmethod
    def of(cls, row: DecisionRow, orders: Iterable[OrderRow]) -> DecidedFor:
        """As the ledger has it; its figures, which tell of the fund's capital, are left out."""
        return cls(
            outcome=row.outcome.value,
            reason=row.reason,
            type=row.kind,
            decided_at=row.decided_at,
            orders=[Ordered.of(one) for one in orders if one.decision_id == row.decision_id],
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
    decisions: list[DecidedFor] = Field(description="What was decided, and what became of its orders.")

    @classmethod
    def of_explanation(
        cls, found: Explanation, decisions: Iterable[DecisionRow], orders: Sequence[OrderRow], *, with_actors: bool
    ) -> SignalAnswer:
        """As the ledger has it; its orders oldest first."""
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
            decisions=[DecidedFor.of(one, orders) for one in decisions],
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
            decisions=[],
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
