"""The audit log's chain: each link is an HMAC over its row and the link before, so none can change unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC

from sqlalchemy import Connection, insert, select, update

from fund_pipeline.errors import ConfigurationError, InvariantError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.audit_model import AuditHead, AuditRow
from fund_pipeline.ledger.canonical import canonical
from fund_pipeline.ledger.model import AuditEntry

PENDING = "pending_audit_entries"
"""The execution option under which a write transaction carries its entries."""


@dataclass
class PendingEntries:
    """Entries of a transaction that is not over. A rolled back savepoint takes its own with it."""

    entries: list[AuditEntry] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)


def pending(connection: Connection) -> PendingEntries:
    """The entries of this connection's write transaction, or InvariantError outside `Ledger.writing`."""
    found = connection.get_execution_options().get(PENDING)
    if not isinstance(found, PendingEntries):
        raise InvariantError("an audit entry was made outside a write transaction of the ledger")
    return found


def mark_savepoint(connection: Connection, name: str | None) -> None:
    """Remember how many entries there were when a savepoint began."""
    if PENDING in connection.get_execution_options():
        waiting = pending(connection)
        # SQLAlchemy tells the name only afterwards; it counts a connection's savepoints, and so does this.
        waiting.marks[name or f"sa_savepoint_{len(waiting.marks) + 1}"] = len(waiting.entries)


def forget_savepoint(connection: Connection, name: str, _context: None) -> None:
    """Drop the entries of a savepoint that is rolled back."""
    if PENDING in connection.get_execution_options():
        waiting = pending(connection)
        del waiting.entries[waiting.marks[name] :]


def link(keys: AuditKeys, key_id: str, sequence: int, previous_hash: str, entry: AuditEntry) -> str:
    """The hash of one row: HMAC-SHA256 over the canonical text of all its columns but the hash itself.

    This is version 1 of the form, and rows that were written in it are verified in it for ever: never change it.
    """
    return keys.mac(
        key_id,
        canonical(
            [
                "audit-1",
                key_id,
                sequence,
                previous_hash,
                entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
                entry.actor,
                entry.action,
                entry.entity,
                entry.entity_id,
                entry.detail,
                entry.correlation_id,
            ]
        ),
    )


def links(keys: AuditKeys, sequence: int, previous_hash: str, entries: Iterable[AuditEntry]) -> Iterator[AuditRow]:
    """The rows that continue a chain whose newest link is `sequence`, made with the newest key."""
    for entry in entries:
        sequence += 1
        made = link(keys, keys.newest, sequence, previous_hash, entry)
        yield AuditRow(sequence, entry, keys.newest, previous_hash, made)
        previous_hash = made


def append(connection: Connection, keys: Callable[[], AuditKeys]) -> None:
    """Write the transaction's entries, as its last act before the commit.

    The head row is locked here and until the commit, so links of concurrent writers follow one another without gap
    or fork. It is the last lock a transaction takes: two writers can wait for each other in one direction only.

    ConfigurationError when the key is not the chain's.
    """
    entries = pending(connection).entries
    if not entries:
        return
    held, before = keys(), read_head(connection, lock=True)
    if held.rank(before.key_id) is None:
        raise ConfigurationError(
            "the audit key here is not the one that this ledger's audit log was written with",
            remedy="give every process the same FUND_AUDIT_KEY or key file; to change it: new key first, then the old",
        )
    rows = list(links(held, before.sequence, before.hash, entries))
    connection.execute(insert(tables.audit), [columns(row) for row in rows])
    newest = rows[-1]
    connection.execute(
        update(tables.audit_head).values(
            sequence=newest.sequence, hash=newest.hash, key_id=newest.key_id, at=newest.entry.at
        )
    )


def read_head(connection: Connection, *, lock: bool = False) -> AuditHead:
    """The newest link. SQLite's write transaction has its lock already. InvariantError when the row is gone."""
    query = select(*(tables.audit_head.c[name] for name in AuditHead.__dataclass_fields__))
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvariantError(
            "the head of the audit log is gone", remedy="run `fund audit verify`; somebody changed the database"
        )
    return AuditHead(**row)


def columns(row: AuditRow) -> dict[str, object]:
    """A row as the table has it."""
    return {
        **row.entry.__dict__,
        "detail": dict(row.entry.detail),
        "sequence": row.sequence,
        "key_id": row.key_id,
        "previous_hash": row.previous_hash,
        "hash": row.hash,
    }
