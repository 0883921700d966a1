"""What became of signals, for who sent them and for admins."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Security
from fastapi.security import HTTPBasic

from fund_pipeline.api.key_door import BEARER, KEY_HEADER
from fund_pipeline.api.problems import Problem
from fund_pipeline.api.signals.answers import SignalAnswer, SignalList, SignalSummary
from fund_pipeline.api.signals.desk import AtDesk, Desk
from fund_pipeline.api.signals.spooled import spooled
from fund_pipeline.errors import NotFoundError, TemporaryError
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline.ledger.orders import list_orders
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.signals.inbox import explain, list_signals
from fund_pipeline.signals.senders import get_sender

PATH = "/api/v1/signals"
TELLS: dict[int, str] = {
    401: "Not accepted: no sender with its passphrase, no admin with their password, no key in force.",
    403: "The key lacks the scope `signals:read`.",
    422: "A parameter is wrong; the answer names it.",
    429: "Too many strangers from this address; try again after `Retry-After` seconds.",
    503: "The ledger does not answer; try again after `Retry-After` seconds.",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": what} for status, what in TELLS.items()
}
NO_SUCH: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "You sent no such signal."}}
NO_NUL = r"^[^\x00]*$"
POSSIBLE_ID = r"[A-Za-z0-9_.-]{1,64}"
"""Others are not looked for: a database may refuse to."""
# The guard has checked it already: this tells the description of the API.
LOGIN = Security(
    HTTPBasic(
        scheme_name="SenderOrAdmin",
        auto_error=False,
        description="Id and passphrase of a sender, or user id and password of an admin.",
    )
)

router = APIRouter(prefix=PATH, tags=["signals"], dependencies=[LOGIN, BEARER, KEY_HEADER], responses=PROBLEMS)


@router.get("", summary="Signals, newest first", response_model_exclude_none=True)
def newest_signals(
    request: Request,
    desk: AtDesk,
    strategy: Annotated[str | None, Query(max_length=200, pattern=NO_NUL, description="Only of this strategy.")] = None,
    state: Annotated[SignalState | None, Query(description="Only in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many, the newest.")] = 100,
) -> SignalList:
    """A sender's own, of the strategies it may send for; for others, all. Without what is on the spool."""
    sender = _sender(request)
    own = None if sender is None else get_sender(desk.ledger, sender).options.strategies
    found = list_signals(desk.ledger, state=state, strategy=strategy, sender=sender, among=own, newest=limit)
    return SignalList(signals=[SignalSummary.of(row) for row in found])


@router.get("/{signal_id}", summary="What became of a signal", responses=NO_SUCH, response_model_exclude_none=True)
def what_became(
    request: Request, desk: AtDesk, signal_id: Annotated[str, Path(description="As it was answered.")]
) -> SignalAnswer:
    """Its state, why, what was read, inferred and decided, and its orders. A sender is told about its own only."""
    sender = _sender(request)
    found = (
        None if re.fullmatch(POSSIBLE_ID, signal_id) is None else _found(desk, signal_id, with_actors=sender is None)
    )
    if found is None or sender not in (None, found.sender):
        raise NotFoundError("there is no such signal of yours", remedy="give the signal_id that was answered")
    return found


def _found(desk: Desk, signal_id: str, *, with_actors: bool) -> SignalAnswer | None:
    if re.fullmatch(POSSIBLE_ID, signal_id) is None:
        return None
    try:
        return _explained(desk, signal_id, with_actors=with_actors)
    except NotFoundError:
        raw = spooled(desk.spool, signal_id)
    except TemporaryError:
        raw = spooled(desk.spool, signal_id)
        if raw is None:
            raise
        return SignalAnswer.of_spooled(raw)
    if raw is not None:
        return SignalAnswer.of_spooled(raw)
    try:  # it may have been stored, and taken from the spool, between the two looks
        return _explained(desk, signal_id, with_actors=with_actors)
    except NotFoundError:
        return None


def _explained(desk: Desk, signal_id: str, *, with_actors: bool) -> SignalAnswer:
    found = explain(desk.ledger, signal_id)
    decisions = tuple(reversed(list_decisions(desk.ledger, signal_id=signal_id)))
    orders = tuple(reversed(list_orders(desk.ledger, signal_id=signal_id))) if decisions else ()
    return SignalAnswer.of_explanation(found, decisions, orders, with_actors=with_actors)


def _sender(request: Request) -> str | None:
    """The sender that the guard let in; None for an admin or a program, who are told of all signals."""
    found: str | None = getattr(request.state, "sender", None)
    return found
