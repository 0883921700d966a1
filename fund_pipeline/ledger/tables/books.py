"""Cash flows."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, String, Table, Text, UniqueConstraint

from fund_pipeline.ledger.flow_model import FlowKind
from fund_pipeline.ledger.tables.base import metadata, one_of
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

cash_flows = Table(
    "cash_flows",
    metadata,
    Column("flow_id", String(64), primary_key=True),
    Column("fund_id", ForeignKey("funds.fund_id"), nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount", ExactDecimal(), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("fund_amount", ExactDecimal(), nullable=False),
    Column("effective_at", UtcDateTime(), nullable=False),
    Column("value_date", Date, nullable=False),
    Column("reference", String(128), nullable=False),
    Column("counter_account", ForeignKey("accounts.account_id")),
    Column("reverses", ForeignKey("cash_flows.flow_id"), unique=True),
    Column("note", Text, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("recorded_at", UtcDateTime(), nullable=False),
    UniqueConstraint("account_id", "reference"),
    one_of("kind", FlowKind),
)

Index("ix_cash_flows_account_id", cash_flows.c.account_id, cash_flows.c.effective_at)

Index("ix_cash_flows_fund_id", cash_flows.c.fund_id, cash_flows.c.effective_at)
