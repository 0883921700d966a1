"""What somebody with every right on the database could do to the audit log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import delete, insert, text, update

from fund_pipeline.ledger import Ledger, chain, tables
from fund_pipeline.ledger.audit import Act, list_audit, record
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.audit_model import GENESIS, AuditRow
from fund_pipeline.ledger.migrations.audit_triggers import SQLITE
from fund_pipeline_tests.samples import NOW

ACT = Act("user:ada", NOW, "corr-1")


def write(ledger: Ledger, rows: int) -> None:
    """So many audited acts, each in a transaction of its own, after the row that begins the chain."""
    for number in range(rows):
        with ledger.writing() as connection:
            record(connection, ACT, "did", "thing", f"thing-{number}", {"number": number, "share": 0.1 * number})


def attack(ledger: Ledger, *statements: str) -> None:
    """Take the triggers off, then run raw SQL."""
    if ledger.is_sqlite:
        first = [f"DROP TRIGGER IF EXISTS {name}" for name in SQLITE]
    else:
        first = [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in ("audit", "audit_head")]
    with ledger.engine.connect() as connection, connection.begin():
        for statement in (*first, *statements):
            connection.execute(text(statement))


def rewrite(ledger: Ledger, keys: AuditKeys, change: Callable[[AuditRow], AuditRow | None]) -> None:
    """Write the whole chain and its head anew with `keys`, changed: None leaves a row out."""
    changed = [row for row in map(change, list_audit(ledger)) if row is not None]
    rows = list(chain.links(keys, 0, GENESIS, [row.entry for row in changed]))
    restore(ledger, rows)


def restore(ledger: Ledger, rows: Sequence[AuditRow]) -> None:
    """Put exactly these rows into the log, and the last of them into its head."""
    attack(ledger)
    newest = rows[-1]
    head = {"sequence": newest.sequence, "hash": newest.hash, "key_id": newest.key_id, "at": newest.entry.at}
    with ledger.engine.connect() as connection, connection.begin():
        connection.execute(delete(tables.audit))
        connection.execute(insert(tables.audit), [chain.columns(row) for row in rows])
        connection.execute(delete(tables.audit_head))
        connection.execute(insert(tables.audit_head).values(only_row=True, **head))


def set_head(ledger: Ledger, rows: Sequence[AuditRow]) -> None:
    """Let the head tell of the last of these rows."""
    newest = rows[-1]
    attack(ledger)
    with ledger.engine.connect() as connection, connection.begin():
        values = {"sequence": newest.sequence, "hash": newest.hash, "key_id": newest.key_id}
        connection.execute(update(tables.audit_head).values(**values))


def another_actor(sequence: int) -> Callable[[AuditRow], AuditRow]:
    """A change that blames somebody else for one row."""

    def change(row: AuditRow) -> AuditRow:
        return replace(row, entry=replace(row.entry, actor="user:bob")) if row.sequence == sequence else row

    return change
