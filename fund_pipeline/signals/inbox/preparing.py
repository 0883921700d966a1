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
from fund_pipeline.signals.envelope import ENVIRONMENT
from fund_pipeline.signals.errors import SignalError, refusal
from fund_pipeline.signals.inbox.hiding import holds, stored_text, without
from fund_pipeline.signals.inbox.model import Arrival, ReusedIdError
from fund_pipeline.signals.options import DuplicatePolicy
from fund_pipeline.signals.parse import NO_CHARACTER, parse_json
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
    headers = {name.lower(): value for name, value in arrival.headers.items()}
    return RawSignal(
        signal_id=signal_id_of(key, digest),
        sender_id=sender_id,
        strategy=key.strategy,
        sender_signal_id=key.sender_signal_id,
        digest=digest,
        hook_digest=hook_digest(raw),
        payload=stored_text(raw, passphrase),
        headers={name: _stored_header(headers[name], passphrase) for name in KEPT_HEADERS if name in headers},
        way_in=arrival.way_in,
        received_at=arrival.received_at,
        request_id=stored_request_id(arrival, passphrase),
    )


def stored_request_id(arrival: Arrival, passphrase: str) -> str:
    """A request's id as the ledger can have it: a proxy or the sender may have chosen it."""
    return without(NO_CHARACTER.sub("?", arrival.request_id), passphrase)[:LONGEST_REQUEST_ID]


def _stored_header(value: str, passphrase: str) -> str:
    """A header as the ledger can have it: cut last, because half of a passphrase would not be found to be hidden."""
    return without(NO_CHARACTER.sub("?", value), passphrase)[:LONGEST_HEADER]


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
        return same
    if duplicate_verdict([one.digest for one in known], raw.digest, policy) is DuplicateVerdict.CONFLICT:
        raise ReusedIdError(refusal(RejectionReason.ID_REUSED, "signalID", raw.sender_signal_id).problem)
    return Placement(repeats=policy is DuplicatePolicy.IDS_REPEAT)


def place_at_any_rate(raw: RawSignal, known: tuple[Known, ...]) -> Placement:
    """Where a signal goes that nobody can send again. One with a known id and other content is judged when read."""
    return same_as(raw, known) or Placement(repeats=bool(known))


def same_as(raw: RawSignal, known: tuple[Known, ...]) -> Placement | None:
    """Beside which stored signal this one is the same, if any: of the same digest, or as far as the hook passes it on.

    The first whole of which the hook passed on a part becomes that signal's supplement; from then on it is what another
    must be equal to. What is equal to the part itself always is the same.
    """
    for one in known:
        if one.digest == raw.digest:
            is_whole = one.way_in is WayIn.HOOK and raw.way_in is not WayIn.HOOK and one.supplement is None
            return Placement(one.signal_id, supplement=raw.payload if is_whole else None)
    for one in known:
        if one.hook_digest != raw.hook_digest or WayIn.HOOK not in (one.way_in, raw.way_in):
            continue
        if raw.way_in is WayIn.HOOK:
            return Placement(one.signal_id)
        if one.supplement is None:
            return Placement(one.signal_id, supplement=raw.payload, reread=True)
        if _is_same_content(raw.payload, one.supplement):
            return Placement(one.signal_id)
    return None


def _is_same_content(payload: str, other: str) -> bool:
    """Whether two stored texts are of one signal.

    Texts, not digests: in both the passphrase is hidden. An environment that only one of them states at the top may be
    the collector's addition; who accepts a signal has seen to it that it is for this deployment.
    """
    if payload == other:
        return True
    try:
        one, two = (parse_json(text.encode(), most_bytes=len(text)) for text in (payload, other))
    except SignalError:  # hiding a passphrase can leave a text that is no JSON
        return False
    if one.get(ENVIRONMENT) is None or two.get(ENVIRONMENT) is None:
        one, two = one | {ENVIRONMENT: None}, two | {ENVIRONMENT: None}
    return content_digest(one) == content_digest(two)
