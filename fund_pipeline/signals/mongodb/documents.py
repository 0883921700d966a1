"""From a document of the collector to the signal that its sender sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson.objectid import ObjectId

from fund_pipeline.ledger.signal_model import RawSignal, WayIn
from fund_pipeline.signals.digest import HOOK_FIELDS, PASSPHRASE, content_digest, hook_digest
from fund_pipeline.signals.envelope import ENVIRONMENT, SENT
from fund_pipeline.signals.errors import SignalError
from fund_pipeline.signals.inbox.model import Arrival
from fund_pipeline.signals.inbox.preparing import NO_KEY, lenient_key, prepare, signal_id_of
from fund_pipeline.signals.mongodb.bson_values import id_text, plain
from fund_pipeline.signals.parse import adopt

BOOKKEEPING = frozenset(
    {
        "__v",
        "_id",
        "api_endpoint",
        "created_at",
        "inserted_at",
        "processed",
        "processed_at",
        "processing_error",
        "processing_status",
        "received_at",
        "signal_processed",
        "signal_processed_at",
        "updated_at",
    }
)
"""Fields that the collector adds, at once or later. They are no part of the signal: with them it would be another one
than over the webhook, and another one again when the collector has marked it."""

TIMES = frozenset({"timestamp", SENT})
"""Fields of a sender that may be stored as a time."""

SIGNAL, LEGS = "signal", "signal_legs"


@dataclass(frozen=True)
class Taken:
    """What a document comes to.

    Attributes
    ----------
    raw : the row to store.
    other_id : the id the signal has if the environment at the top was the collector's addition, or, where that is
        supposed, if it was the sender's; None where the document has none there.
    """

    raw: RawSignal
    other_id: str | None


def signal_of(document: Mapping[str, Any], received_at: datetime) -> Taken:
    """The signal of a decoded document, without passphrase. Never raises: a document cannot be refused."""
    sent = sent_part(document)
    without = {name: value for name, value in sent.items() if name != ENVIRONMENT}
    first, other = (without, sent) if _states_inside(sent) else (sent, without)
    adopted = adopt(first)
    passphrase = adopted.get(PASSPHRASE)
    secret = passphrase if isinstance(passphrase, str) else ""
    arrival = Arrival(WayIn.MONGODB, received_at, id_text(document.get("_id", "")))
    key = lenient_key(adopted)
    try:
        raw = prepare(adopted, key, "", secret, arrival)
    except SignalError:  # an id that holds the passphrase
        key = NO_KEY
        raw = prepare(adopted, key, "", secret, arrival)
    has_other = ENVIRONMENT in sent and key != NO_KEY
    other_id = signal_id_of(key, content_digest(adopt(other))) if has_other else None
    return Taken(replace(raw, hook_digest=hooked_digest(document)), other_id)


def sent_part(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the sender sent of a document: JSON has no ids and no times, so fields of those types are the collector's.

    So is a `signal` that is equal to `signal_legs`: one generation of the collector writes the legs twice.
    """
    kept = {
        name: plain(value)
        for name, value in document.items()
        if name not in BOOKKEEPING and not isinstance(value, ObjectId)
        if name in TIMES or not isinstance(value, datetime)
    }
    if kept.get(LEGS) is not None and kept.get(SIGNAL) == kept[LEGS]:
        del kept[SIGNAL]
    return kept


def hooked_digest(document: Mapping[str, Any]) -> str:
    """The digest of what the collector's hook passes on of a document: an empty `signal` for one that has none."""
    passed = {name: plain(document.get(name)) for name in HOOK_FIELDS}
    return hook_digest(adopt(passed | {SIGNAL: plain(document.get(SIGNAL, {}))}))


def _states_inside(sent: Mapping[str, Any]) -> bool:
    """Whether every part says the environment that stands at the top: then the collector put it there."""
    legs = sent.get(LEGS)
    parts = legs if isinstance(legs, list) and legs else [sent.get(SIGNAL)]
    stated = sent.get(ENVIRONMENT)
    return stated is not None and all(isinstance(part, Mapping) and part.get(ENVIRONMENT) == stated for part in parts)
