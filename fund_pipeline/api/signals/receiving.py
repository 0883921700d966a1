"""The work of a signal's request, in the order that matters: read, who is it, envelope, environment, rate, store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fund_pipeline.api.signals.desk import Desk
from fund_pipeline.api.signals.refusals import Refusal
from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.logs import get_logger
from fund_pipeline.signals import Problem, SignalError, accepted_environment, parse_json, passphrase_of, read_envelope
from fund_pipeline.signals.inbox import (
    Accepted,
    AcceptedStatus,
    Arrival,
    ReusedIdError,
    WayIn,
    accept_or_spool,
    keep_refused,
)
from fund_pipeline.signals.senders import Request, Sender, TooManyStrangersError

log = get_logger(__name__)


@dataclass(frozen=True)
class Posted:
    """What was posted, and by whom as far as the network knows. `received_at` is in UTC."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    signature: str | None = field(repr=False)
    address: str | None
    request_id: str
    received_at: datetime


def receive(desk: Desk, ledger: Ledger, posted: Posted) -> Accepted | Refusal:
    """Take a signal in. What is `Accepted` is committed, or on disk, when this returns; a `Refusal` is answered 4xx.

    `ledger` is one of the desk's two; where it is away, only senders that are still remembered are taken in.
    """
    try:
        payload = parse_json(posted.body)
    except SignalError as wrong:
        return _told(Refusal.of_unread(wrong.problem))
    try:
        sender = desk.gate(ledger).authenticate(
            ledger,
            passphrase_of(payload),
            posted.received_at,
            Request(posted.address, posted.body, posted.signature, posted.request_id),
        )
    except TooManyStrangersError as many:
        return _told(Refusal.of(many.problem, payload, many.retry_after_seconds))
    except SignalError as wrong:
        return _told(Refusal.of(wrong.problem, payload))
    except TemporaryError:
        return _told(Refusal.unavailable())
    return _received_from(sender, desk, ledger, payload, posted)


def _received_from(
    sender: Sender, desk: Desk, ledger: Ledger, payload: Mapping[str, Any], posted: Posted
) -> Accepted | Refusal:
    arrival = Arrival(WayIn.WEBHOOK, posted.received_at, posted.request_id, posted.headers)
    wait = desk.rates.take(sender.sender_id)  # also for one that is refused below: those are kept too
    try:
        envelope = read_envelope(payload)
        accepted_environment(envelope.environment, sender.environment, desk.deployed)
        if wait:
            return _told(Refusal.limited(wait), sender)
        accepted = accept_or_spool(ledger, desk.spool, sender, payload, arrival, desk.deployed)
    except (SignalError, ReusedIdError) as wrong:
        if not wait:
            _keep(ledger, sender, payload, wrong.problem, arrival)
        return _told(Refusal.of(wrong.problem, payload), sender)
    except TemporaryError as full:
        log.error("neither the ledger nor the spool takes signals", problem=str(full))
        return _told(Refusal.unavailable(), sender)
    if accepted.status is AcceptedStatus.RECEIVED:
        desk.worker.wake()
    log.info(
        "signal accepted",
        signal_id=accepted.signal_id,
        sender=sender.sender_id,
        state=accepted.status.value,
        duplicate=accepted.duplicate,
    )
    return accepted


def _keep(ledger: Ledger, sender: Sender, payload: Mapping[str, Any], problem: Problem, arrival: Arrival) -> None:
    try:
        keep_refused(ledger, sender, payload, problem, arrival)
    except TemporaryError:
        log.warning("a refused signal could not be kept for a person to see", sender=sender.sender_id)


def _told(refusal: Refusal, sender: Sender | None = None) -> Refusal:
    if sender is None:  # anybody can have as many of these lines as they like
        log.info("signal refused", reason=refusal.reason.value)
    else:
        log.warning("signal refused", reason=refusal.reason.value, field=refusal.told["field"], sender=sender.sender_id)
    return refusal
