"""A list of signals posted in order, and what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

import httpx

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.signals.player import Player, Post
from fund_pipeline.signals.posting.service import Answer, NotAnsweredError, SignalService

FOLLOW_SECONDS = 30.0
SPOOLED = "SPOOLED"

_FIRST_POLL, _LAST_POLL = 0.02, 0.5
_REFUSED = "$REFUSED"
_WAITING = frozenset({SignalState.RECEIVED.value, SPOOLED, ""})


class Outcome(StrEnum):
    """What came of posting a signal.

    ACCEPTED: the service keeps it. REFUSED: it said why not. UNANSWERED: whether it is kept is not known. SKIPPED: it
    was not posted, because of one before it.
    """

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    UNANSWERED = "UNANSWERED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Posted:
    """One signal of a list.

    Attributes
    ----------
    place, of : its place in the list, from 1, and how many there are.
    type : as stated, later as read; empty where it is not stated.
    signal_id : the id that the service answered; empty without one.
    state : the status answered, later the state it is in; empty where it was not accepted.
    reason, field, message, remedy : why it was refused, skipped or kept from being decided; empty where it was not.
    inferred : codes of what was inferred, defaulted, ignored or flagged, once it has been read.
    attempts : how often it was posted until the answer.
    """

    place: int
    of: int
    strategy: str
    type: str
    sender_signal_id: str
    outcome: Outcome
    signal_id: str = ""
    state: str = ""
    reason: str = ""
    field: str = ""
    message: str = ""
    remedy: str = ""
    inferred: tuple[str, ...] = ()
    attempts: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to follow: it was not accepted, or it has been read."""
        return self.outcome is not Outcome.ACCEPTED or self.state not in _WAITING


def play(service: SignalService, player: Player, pause: Callable[[Decimal], None]) -> Iterator[Posted]:
    """Post a list in order, yielding each signal once it is answered.

    A refused one is told, and what names it as its entry is skipped. After one that is not answered the rest is
    skipped, because the order would not be the list's.

    Parameters
    ----------
    pause : waits between two signals, given the seconds that the list says.
    """
    lost: Posted | None = None
    refused: dict[str, int] = {}
    while not player.finished:
        post = player.post(utc_now())
        plan = _planned(post, len(player.steps))
        if lost is not None:
            found = _skipped(plan, "NOT_REACHED", f"signal {lost.place} was not answered")
        elif (entry := refused.get(str(post.payload.get("entry_signal_id")))) is not None:
            found = _skipped(plan, "ENTRY_NOT_ACCEPTED", f"it names signal {entry}, which was not accepted")
        else:
            found = _posted(service, post, plan)
        if found.outcome is Outcome.UNANSWERED:
            lost = found
        # A reference to it is filled in with this stand-in, which no service can have answered.
        answered = found.signal_id or f"{_REFUSED}:{found.place}"
        refused |= {} if found.signal_id else {answered: found.place}
        player = player.answered(answered)
        yield found
        if not player.finished and lost is None and found.outcome is not Outcome.SKIPPED:
            pause(post.wait_seconds)


def followed(service: SignalService, posted: Posted, seconds: float = FOLLOW_SECONDS) -> Posted:
    """The signal once it has been read, or as it is after `seconds`. Raises NotAnsweredError."""
    deadline, poll = time.monotonic() + seconds, _FIRST_POLL
    while not posted.is_settled:
        answer = service.find(posted.signal_id)
        posted = _read(posted, answer)
        if posted.is_settled or time.monotonic() + poll > deadline:
            break
        time.sleep(poll)
        poll = min(2 * poll, _LAST_POLL)
    return posted


def _posted(service: SignalService, post: Post, plan: Posted) -> Posted:
    try:
        answer = service.post(post.body)
    except NotAnsweredError as gone:
        return replace(
            plan, outcome=Outcome.UNANSWERED, reason="NOT_ANSWERED", message=gone.message, remedy=gone.remedy
        )
    if answer.is_accepted:
        state = _text(answer.values, "status")
        return replace(plan, signal_id=answer.signal_id, state=state, attempts=answer.attempts)
    return replace(_told(plan, answer), outcome=Outcome.REFUSED, attempts=answer.attempts)


def _read(posted: Posted, answer: Answer) -> Posted:
    """What the service says of an accepted signal. One on the spool is not found until it is stored."""
    if answer.status == httpx.codes.NOT_FOUND and posted.state == SPOOLED:
        return posted
    if answer.status != httpx.codes.OK:
        told = _told(posted, answer)
        return replace(told, state="UNKNOWN", message=f"asking for it was refused: {told.message}")
    values = answer.values
    problem = values.get("problem") or {}
    notes = values.get("inferred") or []
    return replace(
        posted,
        state=_text(values, "state"),
        type=_text(values, "type") or posted.type,
        reason=_text(values, "reason"),
        field=_text(problem, "field"),
        message=_text(problem, "message"),
        remedy=_text(problem, "remedy"),
        inferred=tuple(dict.fromkeys(_text(note, "code") for note in notes)),
    )


def _planned(post: Post, of: int) -> Posted:
    payload = post.payload
    inner = payload.get("signal")
    stated = payload.get("signal_type") or (inner.get("signal_type") if isinstance(inner, Mapping) else None)
    return Posted(
        place=post.index + 1,
        of=of,
        strategy=_text(payload, "strategy_name"),
        type=str(stated or ""),
        sender_signal_id=_text(payload, "signalID"),
        outcome=Outcome.ACCEPTED,
    )


def _told(posted: Posted, answer: Answer) -> Posted:
    values = answer.values
    return replace(
        posted,
        reason=_text(values, "error") or f"HTTP_{answer.status}",
        field=_text(values, "field"),
        message=_text(values, "message") or f"HTTP {answer.status}, which is no answer of a signal service",
        remedy=_text(values, "remedy") or "see that the address is the service's",
    )


def _skipped(plan: Posted, reason: str, message: str) -> Posted:
    return replace(plan, outcome=Outcome.SKIPPED, reason=reason, message=message, remedy="correct that one first")


def _text(values: Mapping[str, Any], key: str) -> str:
    found = values.get(key)
    return "" if found is None else str(found)
