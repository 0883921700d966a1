"""Accepting a signal: checked, stored in one committed transaction, answered. Everything else happens later."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.inbox import Place, store_raw
from fund_pipeline.ledger.refused import store_replayed
from fund_pipeline.ledger.signal_model import RawSignal
from fund_pipeline.signals.digest import PASSPHRASE
from fund_pipeline.signals.envelope import accepted_environment, read_envelope
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.inbox.model import Accepted, AcceptedStatus, Arrival
from fund_pipeline.signals.inbox.preparing import lenient_key, place, place_at_any_rate, prepare
from fund_pipeline.signals.parse import adopt, parse_json
from fund_pipeline.signals.reasons import RejectionReason
from fund_pipeline.signals.senders.model import Sender
from fund_pipeline.signals.spool import Spool
from fund_pipeline.terms import Environment


def accept(
    ledger: Ledger, sender: Sender, raw: bytes | Mapping[str, Any], arrival: Arrival, deployed: Environment
) -> Accepted:
    """Check the envelope, the environment and what the sender may do, then store the signal without its passphrase.

    When this returns, the signal is committed. The same content again is answered as the first time and stores nothing.

    Parameters
    ----------
    sender : as `Gate.authenticate` gave it.
    raw : the body, or what `parse_json` gave for it.
    deployed : which environment this deployment is.

    Raises
    ------
    SignalError : a RejectionReason with field, value and remedy; nothing is stored.
    ReusedIdError : the id came before with other content; nothing is stored.
    TemporaryError : the ledger is away; it may or may not be stored, and sending it again is harmless.
    """
    return _store(ledger, sender, _checked(sender, raw, arrival, deployed))


def accept_or_spool(
    ledger: Ledger,
    spool: Spool,
    sender: Sender,
    raw: bytes | Mapping[str, Any],
    arrival: Arrival,
    deployed: Environment,
) -> Accepted:
    """The same; while the ledger is away the signal is on disk, fsynced, when this returns SPOOLED.

    So it is while anything waits there: first what came first, or an exit is read before the entry that it closes.
    A reused id is then judged when it is read. TemporaryError only when neither ledger nor disk takes it.
    """
    checked = _checked(sender, raw, arrival, deployed)
    if _waits(spool):
        with suppress(TemporaryError):  # a disk that is full: the ledger may take it, and out of turn is not lost
            return _spooled(spool, checked)
    try:
        return _store(ledger, sender, checked)
    except TemporaryError:
        return _spooled(spool, checked)


def accept_refused(
    ledger: Ledger,
    refused_id: str,
    sender: Sender,
    payload: Mapping[str, Any],
    arrival: Arrival,
    deployed: Environment,
    act: Act,
) -> Accepted:
    """Accept what was refused before, by the same checks, and audit in the same transaction who replayed it."""
    raw = _checked(sender, payload, arrival, deployed)
    stored = store_replayed(ledger, refused_id, raw, _placing(sender, raw), act)
    return Accepted(stored.signal_id, AcceptedStatus.RECEIVED, stored.duplicate)


def adopt_document(document: Mapping[Any, Any], arrival: Arrival, sender_id: str = "") -> RawSignal:
    """The row for a document that cannot be refused, because what passes it on cannot send it again. Never raises."""
    raw = adopt(document)
    return prepare(raw, lenient_key(raw), sender_id, "", arrival)


def store_at_any_rate(ledger: Ledger, raw: RawSignal) -> Accepted:
    """Store a signal that was adopted or spooled; a reused id is judged when it is read. TemporaryError."""
    stored = store_raw(ledger, raw, partial(place_at_any_rate, raw))
    return Accepted(stored.signal_id, AcceptedStatus.RECEIVED, stored.duplicate)


def _checked(sender: Sender, raw: bytes | Mapping[str, Any], arrival: Arrival, deployed: Environment) -> RawSignal:
    payload = parse_json(raw) if isinstance(raw, bytes) else raw
    envelope = read_envelope(payload)
    accepted_environment(envelope.environment, sender.environment, deployed)
    if not sender.may_send_for(envelope.strategy):
        raise refusal(RejectionReason.NOT_ALLOWED, "strategy_name", envelope.strategy)
    passphrase = payload.get(PASSPHRASE)
    return prepare(payload, envelope.key, sender.sender_id, passphrase if isinstance(passphrase, str) else "", arrival)


def _waits(spool: Spool) -> bool:
    try:
        return not spool.is_empty
    except OSError:
        return False  # where nothing can be looked up nothing can be put either


def _spooled(spool: Spool, raw: RawSignal) -> Accepted:
    spool.append(raw)
    return Accepted(raw.signal_id, AcceptedStatus.SPOOLED)


def _store(ledger: Ledger, sender: Sender, raw: RawSignal) -> Accepted:
    stored = store_raw(ledger, raw, _placing(sender, raw))
    return Accepted(stored.signal_id, AcceptedStatus.RECEIVED, stored.duplicate)


def _placing(sender: Sender, raw: RawSignal) -> Place:
    return lambda known: place(raw, known, sender.options.duplicate_policy)
