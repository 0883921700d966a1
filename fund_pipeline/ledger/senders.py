"""Senders and their passphrases in the ledger. No passphrase is here, only what finds and verifies one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.signal_model import Passphrase, SenderRow, SenderStatus


def list_senders(ledger: Ledger) -> tuple[SenderRow, ...]:
    """All senders, by id."""
    with ledger_away(), ledger.reading() as connection:
        return read_senders(connection)


def read_senders(connection: Connection) -> tuple[SenderRow, ...]:
    """The same within a transaction of the caller's."""
    query = select(tables.senders).order_by(tables.senders.c.sender_id)
    return tuple(_sender(row) for row in connection.execute(query).mappings())


def get_sender(ledger: Ledger, sender_id: str) -> SenderRow:
    """One sender, or NotFoundError."""
    with ledger_away(), ledger.reading() as connection:
        return _known(connection, sender_id)


def find_sender(ledger: Ledger, digests: Sequence[str]) -> tuple[SenderRow, Passphrase] | None:
    """The sender whose passphrase has one of these keyed digests, by one look at an index; None where none has."""
    phrases, senders = tables.sender_passphrases, tables.senders
    query = (
        select(senders, phrases.c.digest, phrases.c.hash, phrases.c.expires_at)
        .join(phrases, phrases.c.sender_id == senders.c.sender_id)
        .where(phrases.c.digest.in_(digests))
        .limit(1)
    )
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return _sender(row), Passphrase(row["digest"], row["sender_id"], row["hash"], row["expires_at"])


def insert_sender(ledger: Ledger, sender: SenderRow, passphrase: Passphrase, act: Act) -> None:
    """Add a sender with its passphrase, audited. ConflictError when its id or its passphrase is taken."""
    row = _values(sender) | {"sender_id": sender.sender_id, "created_at": act.at, "updated_at": act.at}
    with ledger.writing() as connection:
        try:
            connection.execute(insert(tables.senders).values(row))
        except IntegrityError:
            raise ConflictError(
                f"sender {sender.sender_id!r} is there already", remedy="choose another name; `fund senders list`"
            ) from None
        _insert_passphrase(connection, passphrase, act)
        audit.record(connection, act, "sender_added", "sender", sender.sender_id, _told(sender))


def rotate_passphrase(ledger: Ledger, passphrase: Passphrase, keep_until: datetime, act: Act) -> None:
    """Give a sender another passphrase, audited; its former one works until then, those before it no longer.

    NotFoundError; ConflictError when the passphrase is in use.
    """
    phrases = tables.sender_passphrases
    with ledger.writing() as connection:
        _known(connection, passphrase.sender_id, lock=True)
        mine = phrases.c.sender_id == passphrase.sender_id
        connection.execute(delete(phrases).where(mine, phrases.c.expires_at.is_not(None)))
        if keep_until > act.at:
            connection.execute(update(phrases).where(mine).values(expires_at=keep_until))
        else:
            connection.execute(delete(phrases).where(mine))
        _insert_passphrase(connection, passphrase, act)
        detail = {"former_until": keep_until.isoformat()}
        audit.record(connection, act, "sender_rotated", "sender", passphrase.sender_id, detail)


def renew_digest(ledger: Ledger, before: str, after: Passphrase, act: Act) -> None:
    """Find a passphrase by another keyed digest from now on, as when the key has changed. Audited."""
    phrases = tables.sender_passphrases
    with ledger.writing() as connection:
        changed = connection.execute(update(phrases).where(phrases.c.digest == before).values(digest=after.digest))
        if changed.rowcount:
            audit.record(connection, act, "sender_digest_renewed", "sender", after.sender_id)


def set_status(ledger: Ledger, sender_id: str, status: SenderStatus, act: Act) -> None:
    """Disable or enable a sender, audited. NotFoundError; ConflictError when it is so already."""
    with ledger.writing() as connection:
        held = _known(connection, sender_id, lock=True)
        if held.status is status:
            raise ConflictError(f"sender {sender_id} is {status.value} already")
        key = tables.senders.c.sender_id == sender_id
        changed = _values(replace(held, status=status)) | {"updated_at": act.at}
        connection.execute(update(tables.senders).where(key).values(changed))
        action = "sender_disabled" if status is SenderStatus.DISABLED else "sender_enabled"
        audit.record(connection, act, action, "sender", sender_id, {"was": held.status.value})


def change_sender(
    ledger: Ledger, sender_id: str, alter: Callable[[SenderRow], SenderRow], act: Act
) -> tuple[SenderRow, SenderRow]:
    """Let `alter` say what a sender becomes; how it was and is. Audited with both, where it changed. NotFoundError."""
    with ledger.writing() as connection:
        before = _known(connection, sender_id, lock=True)
        after = alter(before)
        if changed := sender_differences(before, after):
            key = tables.senders.c.sender_id == sender_id
            connection.execute(update(tables.senders).where(key).values(_values(after) | {"updated_at": act.at}))
            audit.record(connection, act, "sender_changed", "sender", sender_id, {"changed": changed})
    return before, after


def sender_differences(before: SenderRow, after: SenderRow) -> dict[str, dict[str, object]]:
    """Each field and option that differs, to its plain values `before` and `after`; of a secret only whether it is."""
    was, now = _told(before), _told(after)
    if before.hmac_secret != after.hmac_secret:
        was["hmac_secret"] = "none" if before.hmac_secret is None else "a secret"
        replaced = before.hmac_secret is not None and after.hmac_secret is not None
        now["hmac_secret"] = "another secret" if replaced else "none" if after.hmac_secret is None else "a secret"
    was |= was.pop("options")
    now |= now.pop("options")
    return {name: {"before": was.get(name), "after": now[name]} for name in now if was.get(name) != now[name]}


def record_failures(ledger: Ledger, act: Act, events: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
    """Audit what authentication refused: action, sender id (or a stand-in) and detail of each."""
    with ledger_away(), ledger.writing() as connection:
        for action, sender_id, detail in events:
            audit.record(connection, act, action, "sender", sender_id, detail)


def _insert_passphrase(connection: Connection, passphrase: Passphrase, act: Act) -> None:
    row = {
        "digest": passphrase.digest,
        "sender_id": passphrase.sender_id,
        "hash": passphrase.hash,
        "expires_at": passphrase.expires_at,
        "created_at": act.at,
    }
    try:
        connection.execute(insert(tables.sender_passphrases).values(row))
    except IntegrityError:
        # Whose it is stays untold: it may be another sender's.
        raise ConflictError("that passphrase cannot be used", remedy="choose a longer, random one") from None


def _known(connection: Connection, sender_id: str, *, lock: bool = False) -> SenderRow:
    query = select(tables.senders).where(tables.senders.c.sender_id == sender_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no sender {sender_id!r}", remedy="run `fund senders list`")
    return _sender(row)


def _sender(row: RowMapping) -> SenderRow:
    return SenderRow(
        sender_id=row["sender_id"],
        name=row["name"],
        status=SenderStatus(row["status"]),
        environment=row["environment"],
        allowed_networks=tuple(row["allowed_networks"]),
        hmac_secret=row["hmac_secret"],
        options=row["options"],
        created_at=row["created_at"],
    )


def _values(sender: SenderRow) -> dict[str, object]:
    return {
        "name": sender.name,
        "status": sender.status.value,
        "environment": sender.environment,
        "allowed_networks": list(sender.allowed_networks),
        "hmac_secret": sender.hmac_secret,
        "options": dict(sender.options),
    }


def _told(sender: SenderRow) -> dict[str, Any]:
    """What the audit log may hold of it."""
    return {**_values(sender), "hmac_secret": sender.hmac_secret is not None}
