"""From a payload to the row that is stored: pure, so that it is the same in the ledger and on the spool."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fund_pipeline.ledger.signal_model import Known, Placement, RawSignal, WayIn
from fund_pipeline.signals.digest import (
    DuplicateVerdict,
    SignalKey,
    content_digest,
    duplicate_verdict,
    hook_digest,
)
from fund_pipeline.signals.errors import SignalError, refusal
from fund_pipeline.signals.inbox.hiding import holds, stored_text, without
from fund_pipeline.signals.inbox.model import Arrival, ReusedIdError
from fund_pipeline.signals.options import DuplicatePolicy
from fund_pipeline.signals.parse import NO_CHARACTER
from fund_pipeline.signals.reasons import RejectionReason
from fund_pipeline.signals.texts import checked_id

KEPT_HEADERS = ("content-type", "user-agent")
LONGEST_HEADER = 200
LONGEST_REQUEST_ID = 64
NO_KEY = SignalKey("", "")


def signal_id_of(key: SignalKey, digest: str) -> str:
    """Our id of a signal: a function of what makes it the same, so that a resend is answered alike, spooled or not."""
    named = json.dumps([key.strategy, key.sender_signal_id, digest])
    return f"sig-{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def prepare(raw: Mapping[str, Any], key: SignalKey, sender_id: str, passphrase: str, arrival: Arrival) -> RawSignal:
    """The row to store. The passphrase is nowhere in it, wherever it stood in the payload; SignalError BAD_ID if an id
    holds it.
    """
    if holds(key.strategy, passphrase) or holds(key.sender_signal_id, passphrase):
        raise refusal(RejectionReason.BAD_ID, "signalID", message="an id holds the passphrase")
    digest = content_digest(raw)
    headers = {name.lower(): NO_CHARACTER.sub("?", value[:LONGEST_HEADER]) for name, value in arrival.headers.items()}
    return RawSignal(
        signal_id=signal_id_of(key, digest),
        sender_id=sender_id,
        strategy=key.strategy,
        sender_signal_id=key.sender_signal_id,
        digest=digest,
        hook_digest=hook_digest(raw),
        payload=stored_text(raw, passphrase),
        headers={name: without(headers[name], passphrase) for name in KEPT_HEADERS if name in headers},
        way_in=arrival.way_in,
        received_at=arrival.received_at,
        request_id=stored_request_id(arrival, passphrase),
    )


def stored_request_id(arrival: Arrival, passphrase: str) -> str:
    """A request's id as the ledger can have it: a proxy or the sender may have chosen it."""
    return without(NO_CHARACTER.sub("?", arrival.request_id), passphrase)[:LONGEST_REQUEST_ID]


def lenient_key(raw: Mapping[str, Any]) -> SignalKey:
    """The key of a document that is stored whatever it holds: both ids empty unless both can be ids."""
    try:
        strategy = checked_id(raw.get("strategy_name"), "strategy_name")
        return SignalKey(strategy, checked_id(raw.get("signalID"), "signalID"))
    except SignalError:
        return NO_KEY


def place(raw: RawSignal, known: tuple[Known, ...], policy: DuplicatePolicy) -> Placement:
    """Where an ordinary signal goes. ReusedIdError where its id came before with other content and may not."""
    if (same := same_as(raw, known)) is not None:
        return Placement(same_as=same)
    if duplicate_verdict([one.digest for one in known], raw.digest, policy) is DuplicateVerdict.CONFLICT:
        raise ReusedIdError(refusal(RejectionReason.ID_REUSED, "signalID", raw.sender_signal_id).problem)
    return Placement(repeats=policy is DuplicatePolicy.IDS_REPEAT)


def place_at_any_rate(raw: RawSignal, known: tuple[Known, ...]) -> Placement:
    """Where a signal goes that nobody can send again. One with a known id and other content is judged when read."""
    same = same_as(raw, known)
    return Placement(same_as=same, repeats=bool(known))


def same_as(raw: RawSignal, known: tuple[Known, ...]) -> str | None:
    """The id of the stored signal that this one is: of the same digest, or the same as far as the hook passes it on."""
    for one in known:
        over_hook = WayIn.HOOK in (one.way_in, raw.way_in)
        if one.digest == raw.digest or (over_hook and one.hook_digest == raw.hook_digest):
            return one.signal_id
    return None
