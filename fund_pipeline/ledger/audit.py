"""The audit log: appended in the same transaction as what it tells of."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from fund_pipeline.ledger import chain, tables
from fund_pipeline.ledger.audit_model import AuditHead, AuditRow
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.model import AuditEntry

ENTRY = tuple(AuditEntry.__dataclass_fields__)
BATCH = 1000


@dataclass(frozen=True)
class Act:
    """Who acts, when, and in which run: what every change of the ledger is told."""

    actor: str
    at: datetime
    correlation_id: str = ""

    @classmethod
    def by_user(cls, at: datetime, correlation_id: str = "") -> Act:
        """An act of the person at the terminal."""
        return cls(f"user:{getpass.getuser()}", at, correlation_id)


def record(
    connection: Connection, act: Act, action: str, entity: str, entity_id: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Append one entry to the caller's transaction (of `Ledger.writing`): both are committed, or neither is.

    It is chained and written as the transaction's last act, see `chain.append`.
    """
    chain.pending(connection).entries.append(
        AuditEntry(act.at, act.actor, action, entity, entity_id, dict(detail or {}), act.correlation_id)
    )


def history(ledger: Ledger, entity: str, entity_id: str) -> tuple[AuditEntry, ...]:
    """Everything that was done to one thing, oldest first."""
    return tuple(row.entry for row in list_audit(ledger, entity=entity, entity_id=entity_id))


def list_audit(
    ledger: Ledger,
    *,
    entity: str | None = None,
    entity_id: str | None = None,
    since: datetime | None = None,
    newest: int | None = None,
) -> tuple[AuditRow, ...]:
    """Rows in the order of the chain: of one kind of thing, or one thing, since a moment, at most so many newest."""
    table = tables.audit
    query = select(table).order_by(table.c.sequence.desc()).limit(newest)
    if entity is not None:
        query = query.where(table.c.entity == entity)
    if entity_id is not None:
        query = query.where(table.c.entity_id == entity_id)
    if since is not None:
        query = query.where(table.c.at >= since)
    with ledger.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(_row(row) for row in reversed(rows))


def audit_head(ledger: Ledger) -> AuditHead:
    """The newest link of the chain."""
    with ledger.reading() as connection:
        return chain.read_head(connection)


@dataclass(frozen=True)
class UnreadableRow:
    """A row with a value that its column cannot have: somebody wrote it past this product."""

    sequence: int


def stream_rows(connection: Connection) -> Iterator[AuditRow | UnreadableRow]:
    """Every row in the order of the chain, a thousand in memory at a time, up to the first that cannot be read."""
    table, size = tables.audit, BATCH
    query = select(table).order_by(table.c.sequence)
    after: int | None = None
    while True:
        rest = query if after is None else query.where(table.c.sequence > after)
        try:
            rows = [_row(row) for row in connection.execute(rest.limit(size)).mappings()]
        except (ValueError, TypeError):
            if size == 1:
                yield UnreadableRow(connection.execute(rest.with_only_columns(table.c.sequence).limit(1)).scalar_one())
                return
            size = 1  # one by one, to find which
            continue
        if not rows:
            return
        yield from rows
        after = rows[-1].sequence


def _row(row: RowMapping) -> AuditRow:
    entry = AuditEntry(**{name: row[name] for name in ENTRY})
    return AuditRow(row["sequence"], entry, row["key_id"], row["previous_hash"], row["hash"])
