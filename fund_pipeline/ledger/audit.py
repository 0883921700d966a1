"""The audit log: appended in the same transaction as what it tells of."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.model import AuditEntry


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
    """Append one entry inside the caller's transaction."""
    connection.execute(
        insert(tables.audit).values(
            at=act.at,
            actor=act.actor,
            action=action,
            entity=entity,
            entity_id=entity_id,
            detail=dict(detail or {}),
            correlation_id=act.correlation_id,
        )
    )


def history(ledger: Ledger, entity: str, entity_id: str) -> tuple[AuditEntry, ...]:
    """Everything that was done to one thing, oldest first."""
    query = (
        select(tables.audit)
        .where(tables.audit.c.entity == entity, tables.audit.c.entity_id == entity_id)
        .order_by(tables.audit.c.audit_id)
    )
    with ledger.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(AuditEntry(**{key: value for key, value in row.items() if key != "audit_id"}) for row in rows)
