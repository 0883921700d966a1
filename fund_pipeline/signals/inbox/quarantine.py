"""What waits for a person: signals that could not be read and those refused at the door, to be judged again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger import refused as refusals
from fund_pipeline.ledger import signals as rows
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.refused import RefusedSignal
from fund_pipeline.ledger.signal_model import SenderStatus, SignalRow, SignalState, WayIn
from fund_pipeline.signals.errors import Problem, SignalError
from fund_pipeline.signals.inbox.accepting import accept_refused
from fund_pipeline.signals.inbox.model import Arrival, Explanation, ReusedIdError
from fund_pipeline.signals.inbox.processing import explain
from fund_pipeline.signals.inbox.reading import MOST_STORED_BYTES, Reader
from fund_pipeline.signals.inbox.refusing import PREFIX
from fund_pipeline.signals.parse import parse_json
from fund_pipeline.signals.reasons import RejectionReason
from fund_pipeline.signals.senders.administration import get_sender

OPERATORS_REMEDY: Mapping[str, str] = {
    RejectionReason.NOT_ALLOWED: "if it may, `fund senders set {sender} --add-strategy {strategy}`, then replay it",
    RejectionReason.ID_REUSED: "if its ids repeat, `fund senders set {sender} --duplicate-policy ids_repeat`, then "
    "replay it",
    RejectionReason.WRONG_ENVIRONMENT: "leave it, unless the sender is registered wrongly: `fund senders set {sender} "
    "--environment ...`, then replay it",
}
"""What an operator can do about it; about anything else only the sender can."""


class WaitingState(StrEnum):
    """Whether it is stored as a signal, or was refused with a 4xx."""

    QUARANTINED = "QUARANTINED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Waiting:
    """One that waits for a person.

    Attributes
    ----------
    signal_id : of a refused one its `ref-` id.
    received_at : UTC.
    sender_id, strategy, sender_signal_id : empty where they are not known.
    reason, problem : code, and plain values of the problem as the sender was told: field, value, message, remedy.
    remedy : what an operator should do next.
    """

    signal_id: str
    state: WaitingState
    received_at: datetime
    sender_id: str
    strategy: str
    sender_signal_id: str
    reason: str
    problem: Mapping[str, Any]
    remedy: str


def is_refused(signal_id: str) -> bool:
    """Whether an id is that of a refused signal."""
    return signal_id.startswith(PREFIX)


def list_quarantine(ledger: Ledger, *, strategy: str | None = None, newest: int = 100) -> tuple[Waiting, ...]:
    """What waits, newest first: of a strategy, at most so many."""
    stored = rows.list_signals(ledger, state=SignalState.QUARANTINED, strategy=strategy, newest=newest)
    refused = refusals.list_refused(ledger, strategy=strategy, newest=newest)
    found = [*map(_of_stored, stored), *map(waiting_of, refused)]
    found = [one for one in found if strategy in (None, one.strategy)]
    return tuple(sorted(found, key=lambda one: (one.received_at, one.signal_id), reverse=True)[:newest])


def waiting_of(refused: RefusedSignal) -> Waiting:
    """A refused signal with what an operator can do about it."""
    strategy, sender_signal_id = _named(refused.payload)
    return Waiting(
        refused.refused_id,
        WaitingState.REFUSED,
        refused.received_at,
        refused.sender_id,
        strategy,
        sender_signal_id,
        refused.reason,
        refused.problem,
        _remedy(refused, refused.reason),
    )


def replay_refused(ledger: Ledger, refused_id: str, reader: Reader, act: Act) -> Explanation:
    """Judge a refused signal as if it arrived now, for its sender as it is registered now; store and read it if it may.

    Its time of sending stays. Who replayed it is audited with the id of the signal that it is now.

    Raises
    ------
    NotFoundError : there is no such one.
    ConflictError : it was replayed before, its sender is disabled, or it is refused still; nothing was stored.
    TemporaryError : the ledger is away; it may or may not be stored, and replaying it again is harmless.
    """
    refused = refusals.get_refused(ledger, refused_id)
    if refused.replayed_as is not None:
        raise ConflictError(
            f"{refused_id} was replayed already: it is signal {refused.replayed_as}",
            remedy=f"run `fund signals show {refused.replayed_as}`",
        )
    sender = get_sender(ledger, refused.sender_id)
    if sender.status is not SenderStatus.ACTIVE:
        raise ConflictError(
            f"sender {sender.sender_id} is {sender.status.value}",
            remedy=f"run `fund senders enable {sender.sender_id}`",
        )
    try:
        payload = parse_json(refused.payload.encode(), most_bytes=MOST_STORED_BYTES)
        arrival = Arrival(WayIn.REPLAY, act.at, act.correlation_id)
        accepted = accept_refused(ledger, refused_id, sender, payload, arrival, reader.deployed, act)
    except (SignalError, ReusedIdError) as still:
        raise _still_refused(refused, still.problem) from None
    rows.settle_pending(ledger, reader.read, act, 1, only=accepted.signal_id)
    return explain(ledger, accepted.signal_id)


def _still_refused(refused: RefusedSignal, problem: Problem) -> ConflictError:
    found = "" if problem.value is None else f" (found {problem.value})"
    where = f"{problem.field}: " if problem.field else ""
    words = f"{refused.refused_id} is refused still, {problem.reason}: {where}{problem.message}{found}"
    return ConflictError(words, remedy=_remedy(refused, problem.reason))


def _remedy(refused: RefusedSignal, reason: str) -> str:
    own = OPERATORS_REMEDY.get(reason, "the sender must correct it and send it again")
    # Quoted, because a person will copy it to a shell and the strategy is the sender's word.
    return own.format(sender=refused.sender_id, strategy=shlex.quote(_named(refused.payload)[0]))


def _named(payload: str) -> tuple[str, str]:
    """Strategy and sender's id as far as they are texts, which a refused signal need not have."""
    try:
        given = json.loads(payload)
    except ValueError:  # hiding a passphrase of figures and commas can take more than a value
        return "", ""
    strategy, sender_signal_id = given.get("strategy_name"), given.get("signalID")
    return (
        strategy if isinstance(strategy, str) else "",
        sender_signal_id if isinstance(sender_signal_id, str) else "",
    )


def _of_stored(signal: SignalRow) -> Waiting:
    problem = signal.problem or {}
    return Waiting(
        signal.signal_id,
        WaitingState.QUARANTINED,
        signal.received_at,
        signal.sender_id,
        signal.strategy,
        signal.sender_signal_id,
        signal.reason or "",
        problem,
        str(problem.get("remedy") or ""),
    )
