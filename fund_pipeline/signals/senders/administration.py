"""What a person at the terminal may change about senders. Every change is audited, none with a secret in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network

from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger import senders as rows
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.signal_model import Passphrase, SenderRow, SenderStatus
from fund_pipeline.signals.errors import SignalError
from fund_pipeline.signals.options import SenderOptions
from fund_pipeline.signals.senders.model import Sender
from fund_pipeline.signals.senders.passphrases import hash_passphrase
from fund_pipeline.signals.senders.vault import Vault
from fund_pipeline.signals.texts import checked_id
from fund_pipeline.terms import Environment

PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
KEEP_FORMER = timedelta(hours=24)
LEAST_SECRET = 16


@dataclass(frozen=True)
class NewSender:
    """A sender to be added: see `Sender`. `hmac_secret` is what it signs with, None where it does not sign."""

    sender_id: str
    environment: Environment
    options: SenderOptions
    allowed_networks: tuple[str, ...] = ()
    hmac_secret: str | None = field(default=None, repr=False)
    name: str = ""


def add_sender(ledger: Ledger, new: NewSender, passphrase: str, vault: Vault, act: Act) -> Sender:
    """Add an ACTIVE sender. InputError names what is wrong; ConflictError when its id or passphrase is taken."""
    if PATTERN.fullmatch(new.sender_id) is None:
        raise InputError(
            "that is no name of a sender",
            remedy="use up to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit",
        )
    if not new.options.strategies:
        raise InputError("a sender needs a strategy to send for", remedy="name one with --strategy")
    for strategy in new.options.strategies:
        _check_strategy(strategy)
    if new.hmac_secret is not None and len(new.hmac_secret) < LEAST_SECRET:
        raise InputError(f"a signing secret has {LEAST_SECRET} characters or more", remedy="make a longer, random one")
    row = SenderRow(
        sender_id=new.sender_id,
        name=new.name or new.sender_id,
        status=SenderStatus.ACTIVE,
        environment=new.environment.value,
        allowed_networks=tuple(_network(text) for text in new.allowed_networks),
        hmac_secret=None if new.hmac_secret is None else vault.seal(new.sender_id, new.hmac_secret),
        options=new.options.as_values(),
        created_at=act.at,
    )
    rows.insert_sender(ledger, row, _passphrase(new.sender_id, passphrase, vault), act)
    return Sender.of(row)


def rotate_sender(
    ledger: Ledger, sender_id: str, passphrase: str, vault: Vault, act: Act, keep_former: timedelta = KEEP_FORMER
) -> datetime:
    """Give a sender another passphrase; return until when (UTC) the former one works too.

    NotFoundError; InputError for one that is too short; ConflictError for one in use.
    """
    until = act.at + keep_former
    rows.rotate_passphrase(ledger, _passphrase(sender_id, passphrase, vault), until, act)
    return until


def disable_sender(ledger: Ledger, sender_id: str, act: Act) -> None:
    """Accept nothing more of a sender. NotFoundError; ConflictError when so already."""
    rows.set_status(ledger, sender_id, SenderStatus.DISABLED, act)


def enable_sender(ledger: Ledger, sender_id: str, act: Act) -> None:
    """Accept a sender's signals again. NotFoundError; ConflictError when so already."""
    rows.set_status(ledger, sender_id, SenderStatus.ACTIVE, act)


def list_senders(ledger: Ledger) -> tuple[Sender, ...]:
    """All senders, by id."""
    return tuple(Sender.of(row) for row in rows.list_senders(ledger))


def get_sender(ledger: Ledger, sender_id: str) -> Sender:
    """One sender, or NotFoundError."""
    return Sender.of(rows.get_sender(ledger, sender_id))


def _passphrase(sender_id: str, passphrase: str, vault: Vault) -> Passphrase:
    hashed = hash_passphrase(passphrase)
    return Passphrase(vault.digests(passphrase)[0], sender_id, hashed)


def _check_strategy(strategy: str) -> None:
    try:
        checked_id(strategy, "strategy")
    except SignalError as wrong:
        raise InputError(wrong.problem.message, remedy="give the strategy's id") from None


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise InputError(f"{text!r} is no network", remedy="write it as 192.0.2.0/24 or 2001:db8::/48") from None
