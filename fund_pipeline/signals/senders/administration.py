"""What a person at the terminal may change about senders. Every change is audited, none with a secret in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

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
LONGEST_NAME = 200


@dataclass(frozen=True)
class NewSender:
    """A sender to be added: see `Sender`. `hmac_secret` is what it signs with, None where it does not sign."""

    sender_id: str
    environment: Environment
    options: SenderOptions
    allowed_networks: tuple[str, ...] = ()
    hmac_secret: str | None = field(default=None, repr=False)
    name: str = ""


@dataclass(frozen=True)
class SenderChange:
    """What to change of a sender; None and empty leave it as it is.

    Attributes
    ----------
    options : plain values of the options to change, see `SenderOptions`; `equity` None for none.
    more_strategies, fewer_strategies : ids to add to its strategies, or to take from them.
    allowed_networks : empty for anywhere.
    hmac_secret : what it signs with from now on.
    is_unsigned : it need not sign any more.
    """

    name: str | None = None
    environment: Environment | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    more_strategies: tuple[str, ...] = ()
    fewer_strategies: tuple[str, ...] = ()
    allowed_networks: tuple[str, ...] | None = None
    hmac_secret: str | None = field(default=None, repr=False)
    is_unsigned: bool = False


@dataclass(frozen=True)
class ChangedSender:
    """A sender as it is after a change, and each field that differs, to its values `before` and `after`."""

    after: Sender
    fields: Mapping[str, Mapping[str, object]]


def add_sender(ledger: Ledger, new: NewSender, passphrase: str, vault: Vault, act: Act) -> Sender:
    """Add an ACTIVE sender. InputError names what is wrong; ConflictError when its id or passphrase is taken."""
    if PATTERN.fullmatch(new.sender_id) is None:
        raise InputError(
            "that is no name of a sender",
            remedy="use up to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit",
        )
    row = SenderRow(
        sender_id=new.sender_id,
        name=_name(new.name or new.sender_id),
        status=SenderStatus.ACTIVE,
        environment=new.environment.value,
        allowed_networks=tuple(_network(text) for text in new.allowed_networks),
        hmac_secret=None if new.hmac_secret is None else _sealed(new.sender_id, new.hmac_secret, vault),
        options=_checked(new.options).as_values(),
        created_at=act.at,
    )
    rows.insert_sender(ledger, row, _passphrase(new.sender_id, passphrase, vault), act)
    return Sender.of(row)


def change_sender(
    ledger: Ledger, sender_id: str, change: SenderChange, vault: Vault, act: Act, *, dry_run: bool = False
) -> ChangedSender:
    """Change what is given of a sender, from its next signal on. InputError names what is wrong; NotFoundError.

    A change that changes nothing is not audited.
    """

    def alter(row: SenderRow) -> SenderRow:
        return _altered(row, change, vault)

    if dry_run:
        before = rows.get_sender(ledger, sender_id)
        after = alter(before)
    else:
        before, after = rows.change_sender(ledger, sender_id, alter, act)
    return ChangedSender(Sender.of(after), rows.sender_differences(before, after))


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


def _altered(row: SenderRow, change: SenderChange, vault: Vault) -> SenderRow:
    values = SenderOptions.from_values(row.options).as_values() | dict(change.options)
    strategies = frozenset(values["strategies"]) | frozenset(change.more_strategies)
    if absent := sorted(frozenset(change.fewer_strategies) - strategies):
        raise InputError(
            f"{row.sender_id} may not send for {absent[0]} anyway", remedy="`fund senders list` shows its strategies"
        )
    values["strategies"] = sorted(strategies - frozenset(change.fewer_strategies))
    options = _checked(SenderOptions.from_values(values))
    secret = None if change.is_unsigned else row.hmac_secret
    if change.hmac_secret is not None:
        secret = _sealed(row.sender_id, change.hmac_secret, vault)
    networks = row.allowed_networks
    if change.allowed_networks is not None:
        networks = tuple(_network(text) for text in change.allowed_networks)
    return replace(
        row,
        name=row.name if change.name is None else _name(change.name),
        environment=row.environment if change.environment is None else change.environment.value,
        allowed_networks=networks,
        hmac_secret=secret,
        options=options.as_values(),
    )


def _checked(options: SenderOptions) -> SenderOptions:
    if not options.strategies:
        raise InputError("a sender needs a strategy to send for", remedy="name one with --strategy")
    for strategy in options.strategies:
        _check_strategy(strategy)
    return options


def _name(name: str) -> str:
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InputError(f"a sender's name is a line of up to {LONGEST_NAME} characters", remedy="give another --name")
    return name


def _sealed(sender_id: str, secret: str, vault: Vault) -> str:
    if len(secret) < LEAST_SECRET:
        raise InputError(f"a signing secret has {LEAST_SECRET} characters or more", remedy="make a longer, random one")
    return vault.seal(sender_id, secret)


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
