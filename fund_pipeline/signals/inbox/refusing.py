"""Keeping what an accepted sender sent but was refused, so that a person sees it and can have it judged again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.refused import RefusedSignal, store_refused
from fund_pipeline.signals.digest import PASSPHRASE, content_digest
from fund_pipeline.signals.errors import Problem
from fund_pipeline.signals.inbox.hiding import stored_text, told
from fund_pipeline.signals.inbox.model import Arrival
from fund_pipeline.signals.inbox.preparing import stored_request_id
from fund_pipeline.signals.parse import NO_CHARACTER, adopt
from fund_pipeline.signals.senders.model import Sender

PREFIX = "ref-"


def keep_refused(ledger: Ledger, sender: Sender, payload: Mapping[str, Any], problem: Problem, arrival: Arrival) -> str:
    """Keep a refused signal without its passphrase; the id under which it waits beside what is in quarantine.

    The same content refused again for the same reason is the same row, with the time of the first. Whatever `payload`
    holds is kept: what JSON has not becomes its text.

    Parameters
    ----------
    sender : as `Gate.authenticate` gave it.
    payload : what was sent, with the passphrase if it was there.
    problem : why it was refused, as the sender was told.

    Raises
    ------
    TemporaryError : the ledger is away; keeping it again is harmless.
    """
    refused = refused_row(sender, payload, problem, arrival)
    store_refused(ledger, refused)
    return refused.refused_id


def refused_row(sender: Sender, payload: Mapping[str, Any], problem: Problem, arrival: Arrival) -> RefusedSignal:
    """The row to store."""
    raw = adopt(payload)
    given = raw.get(PASSPHRASE)
    passphrase = given if isinstance(given, str) else ""
    reason = problem.reason.value
    return RefusedSignal(
        refused_id=refused_id_of(sender.sender_id, content_digest(raw), reason),
        sender_id=sender.sender_id,
        reason=reason,
        problem={
            name: None if text is None else NO_CHARACTER.sub("?", text)
            for name, text in told(problem.as_values(), raw, passphrase).items()
        },
        payload=stored_text(raw, passphrase),
        way_in=arrival.way_in,
        received_at=arrival.received_at,
        request_id=stored_request_id(arrival, passphrase),
    )


def refused_id_of(sender_id: str, digest: str, reason: str) -> str:
    """A function of whose it is, its content and why it was refused."""
    named = json.dumps([sender_id, digest, reason])
    return f"{PREFIX}{hashlib.sha256(named.encode()).hexdigest()[:32]}"
