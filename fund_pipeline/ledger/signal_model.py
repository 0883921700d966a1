"""Senders and signals as the ledger keeps them, as values. A payload is a text, options and problems plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from fund_pipeline.ledger.model import StrategyStatus
from fund_pipeline.terms import SizingMode


class SenderStatus(StrEnum):
    """Whether a sender's signals are accepted at all."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class WayIn(StrEnum):
    """How a signal came in: over HTTP, by the collector's hook, from its database, or from a replay file."""

    WEBHOOK = "webhook"
    HOOK = "hook"
    MONGODB = "mongodb"
    REPLAY = "replay"


class SignalState(StrEnum):
    """The life of a signal. RECEIVED is read to STANDARDISED, QUARANTINED or REJECTED; what is standardised is decided.

    A person's replay makes a quarantined one RECEIVED again; so does the whole after the hook's part, if not too late.
    """

    RECEIVED = "RECEIVED"
    STANDARDISED = "STANDARDISED"
    QUARANTINED = "QUARANTINED"
    REJECTED = "REJECTED"
    CLAIMED = "CLAIMED"
    DECIDED = "DECIDED"


@dataclass(frozen=True)
class SenderRow:
    """A sender in the registry.

    Attributes
    ----------
    sender_id : what operators call it.
    environment : `staging` or `production`, for signals that name none.
    allowed_networks : CIDR blocks it must send from; empty for anywhere.
    hmac_secret : sealed secret of its signature header; None where it sends none.
    options : plain values of its format options, with the strategies it may send for.
    """

    sender_id: str
    name: str
    status: SenderStatus
    environment: str
    allowed_networks: tuple[str, ...]
    hmac_secret: str | None = field(repr=False)
    options: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class Passphrase:
    """One passphrase of a sender: never itself, but the keyed digest that finds it and the hash that verifies it.

    `expires_at` (UTC) is set on the former one during a rotation.
    """

    digest: str
    sender_id: str
    hash: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True)
class RawSignal:
    """What was received, append-only.

    Attributes
    ----------
    signal_id : ours; a function of strategy, the sender's id and digest.
    sender_id : empty where the way in names no sender.
    strategy, sender_signal_id : empty where the collector's document has none that can be one.
    digest : of the content, without passphrase and receive time.
    hook_digest : of what the collector's hook would pass on of it.
    payload : JSON text without the passphrase.
    headers : the few request headers worth keeping.
    received_at : UTC.
    """

    signal_id: str
    sender_id: str
    strategy: str
    sender_signal_id: str
    digest: str
    hook_digest: str
    payload: str = field(repr=False)
    headers: Mapping[str, str]
    way_in: WayIn
    received_at: datetime
    request_id: str


@dataclass(frozen=True)
class Known:
    """A stored signal of the same strategy and sender's id; its `supplement` only where what came in could be that."""

    signal_id: str
    digest: str
    hook_digest: str
    way_in: WayIn
    supplement: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Placement:
    """Where a signal goes beside those that are known: nowhere, being the `same_as` one; or in, perhaps `repeats`.

    A signal that repeats shares its id with another of other content. `supplement` is a text to keep with the `same_as`
    one, which must be read again (`reread`) where that says more than what the hook had passed on.
    """

    same_as: str | None = None
    repeats: bool = False
    supplement: str | None = field(default=None, repr=False)
    reread: bool = False


@dataclass(frozen=True)
class Stored:
    """The signal that now stands for what was received, and whether it was there before."""

    signal_id: str
    duplicate: bool


@dataclass(frozen=True)
class StrategyTerms:
    """What reading a signal needs to know of its strategy."""

    status: StrategyStatus
    sizing: SizingMode


@dataclass(frozen=True)
class Pending:
    """A signal to be read.

    Attributes
    ----------
    raw : what was received.
    repeats : whether another signal of other content had its id before.
    supplement : the fuller document that was found for it, JSON text; None where there is none.
    strategy : None where the registry has none of that id.
    """

    raw: RawSignal
    repeats: bool
    supplement: str | None
    strategy: StrategyTerms | None


@dataclass(frozen=True)
class Outcome:
    """What reading a signal came to.

    Attributes
    ----------
    state : STANDARDISED, QUARANTINED or REJECTED.
    sender_id : whose it is; empty where that is not known.
    reason, problem : code, and plain values of the problem, where it is not STANDARDISED.
    standardised : plain values of the signal, where one could be read.
    type, reference, environment, format, sent_at : its fields that are asked for.
    supplement : the fuller document that was read with it, JSON text.
    """

    state: SignalState
    sender_id: str
    reason: str | None = None
    problem: Mapping[str, Any] | None = None
    standardised: Mapping[str, Any] | None = None
    type: str | None = None
    reference: str | None = None
    environment: str | None = None
    format: str | None = None
    sent_at: datetime | None = None
    supplement: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What becomes of a claimed signal: DECIDED, STANDARDISED again to be decided later, or QUARANTINED with why."""

    state: SignalState
    reason: str | None = None
    problem: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class SignalRow:
    """A signal as it stands now; the fields of `Outcome` are None while it is RECEIVED.

    Attributes
    ----------
    attempts : how often it has been read.
    revision : how many times its state has changed.
    claimed_by, lease_until : who decides it, and until when (UTC) nobody else may.
    """

    signal_id: str
    sender_id: str
    strategy: str
    sender_signal_id: str
    state: SignalState
    received_at: datetime
    updated_at: datetime
    reason: str | None
    problem: Mapping[str, Any] | None
    standardised: Mapping[str, Any] | None
    type: str | None
    reference: str | None
    environment: str | None
    format: str | None
    sent_at: datetime | None
    supplement: str | None
    attempts: int
    revision: int
    claimed_by: str | None
    lease_until: datetime | None


@dataclass(frozen=True)
class Transition:
    """One change of a signal's state, append-only: the `number`-th, who did it and why."""

    signal_id: str
    number: int
    at: datetime
    actor: str
    before: SignalState
    after: SignalState
    reason: str | None
    problem: Mapping[str, Any] | None
