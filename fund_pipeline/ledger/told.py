"""What the audit log tells of one thing, believed only from rows that bear their true link."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from decimal import DecimalException

from sqlalchemy import Connection, RowMapping, select

from fund_pipeline.errors import InputError, InvariantError
from fund_pipeline.ledger import chain, seals, tables
from fund_pipeline.ledger.audit import ENTRY
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.model import AuditEntry

UNREADABLE = (ValueError, TypeError, DecimalException)
"""What reading a value raises that its column cannot have: SQLite stores anything anywhere."""


def newest_told(
    connection: Connection, keys: AuditKeys, entity: str, entity_id: str, actions: tuple[str, ...]
) -> AuditEntry | None:
    """The newest entry of one thing under one of these names; None without any.

    A row proves itself, not that none came after it: whoever cuts the log's end goes back to what was told before.
    `fund audit verify` finds that.

    Raises
    ------
    InvariantError : the row was altered.
    """
    return next(told(connection, keys, entity, entity_id, actions, newest=1), None)


def told(
    connection: Connection,
    keys: AuditKeys,
    entity: str,
    entity_id: str,
    actions: tuple[str, ...],
    *,
    newest: int | None = None,
) -> Iterator[AuditEntry]:
    """Entries of one thing, newest first, at most so many. InvariantError at the first row that was altered."""
    table = tables.audit
    query = (
        select(table)
        .where(table.c.entity == entity, table.c.entity_id == entity_id, table.c.action.in_(actions))
        .order_by(table.c.sequence.desc())
        .limit(newest)
    )
    what = f"what the audit log tells of {entity} {entity_id} was altered"
    try:
        for row in connection.execute(query).mappings().all():
            entry = AuditEntry(**{name: row[name] for name in ENTRY})
            if not _is_true(keys, row, entry):
                raise InvariantError(what, remedy=seals.LOOK)
            yield entry
    except (InputError, *UNREADABLE):  # a value that could not have been written
        raise InvariantError(what, remedy=seals.LOOK) from None


def _is_true(keys: AuditKeys, row: RowMapping, entry: AuditEntry) -> bool:
    if keys.rank(row["key_id"]) is None:
        return False
    made = chain.link(keys, row["key_id"], row["sequence"], row["previous_hash"], entry)
    return hmac.compare_digest(made, str(row["hash"]))
