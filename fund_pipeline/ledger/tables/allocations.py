"""Optimisation runs, allocations and their approvals."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from fund_pipeline.ledger.approval_model import ApprovalMethod, Decision
from fund_pipeline.ledger.model import AllocationOrigin, AllocationStatus
from fund_pipeline.ledger.tables.base import metadata, one_of
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

optimisation_runs = Table(
    "optimisation_runs",
    metadata,
    Column("run_id", String(128), primary_key=True),
    Column("fund_id", ForeignKey("funds.fund_id"), nullable=False),
    Column("inputs_digest", String(128), nullable=False),
    Column("allocator", String(64), nullable=False),
    Column("status", String(32), nullable=False),
    Column("inputs", Json, nullable=False),
    Column("result", Json, nullable=False),
    Column("correlation_id", String(64), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    UniqueConstraint("fund_id", "inputs_digest"),
)

allocations = Table(
    "allocations",
    metadata,
    Column("allocation_id", String(128), primary_key=True),
    Column("fund_id", ForeignKey("funds.fund_id"), nullable=False),
    Column("run_id", ForeignKey("optimisation_runs.run_id"), nullable=False),
    Column("status", String(32), nullable=False),
    Column("metrics", Json, nullable=False),
    Column("digest", String(128), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    Column("origin", String(16), nullable=False, server_default=text("'OPTIMISED'")),
    Column("based_on", String(128)),
    one_of("status", AllocationStatus),
    one_of("origin", AllocationOrigin),
)

ONLY_ACTIVE = text("status = 'ACTIVE'")

Index(
    "uq_allocations_one_active",
    allocations.c.fund_id,
    unique=True,
    sqlite_where=ONLY_ACTIVE,
    postgresql_where=ONLY_ACTIVE,
)

Index("ix_allocations_fund_id", allocations.c.fund_id, allocations.c.created_at)

allocation_weights = Table(
    "allocation_weights",
    metadata,
    Column("allocation_id", ForeignKey("allocations.allocation_id"), primary_key=True),
    Column("strategy_id", ForeignKey("strategies.strategy_id"), primary_key=True),
    Column("weight", ExactDecimal(), nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("fund_id", ForeignKey("funds.fund_id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("allocation_id", ForeignKey("allocations.allocation_id"), nullable=False, unique=True),
    Column("digest", String(128), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("method", String(16), nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("second_by", String(200)),
    Column("note", Text, nullable=False),
    Column("override_reason", Text, nullable=False),
    Column("breaches", Json, nullable=False),
    Column("replaces", String(128)),
    Column("decided_at", UtcDateTime(), nullable=False),
    Column("correlation_id", String(64), nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("previous_seal", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
    one_of("decision", Decision),
    one_of("method", ApprovalMethod),
)
