"""The chained audit log."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    String,
    Table,
)

from fund_pipeline.ledger.tables.base import SEQUENCE, metadata
from fund_pipeline.ledger.types import Json, UtcDateTime

audit = Table(
    "audit",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime(), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(64), nullable=False),
    Column("entity", String(64), nullable=False),
    Column("entity_id", String(128), nullable=False),
    Column("detail", Json, nullable=False),
    Column("correlation_id", String(64), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

Index("ix_audit_entity", audit.c.entity, audit.c.entity_id)

Index("ix_audit_at", audit.c.at)

audit_head = Table(
    "audit_head",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("sequence", SEQUENCE, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("at", UtcDateTime(), nullable=False),
    CheckConstraint("only_row", name="only_row"),
)
