"""Accounts, their snapshots, the days of funds, halts and alerts."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from fund_pipeline.ledger.account_model import AccountStatus, Severity
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.tables.base import NullableJson, metadata, one_of
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime
from fund_pipeline.terms import HaltState

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("fund_id", ForeignKey("funds.fund_id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("broker", String(32), nullable=False),
    Column("broker_account", String(64), nullable=False),
    Column("asset_classes", Json, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    UniqueConstraint("broker", "broker_account"),
    one_of("mode", TradingMode),
    one_of("status", AccountStatus),
    CheckConstraint("broker <> 'paper' OR mode = 'PAPER'", name="paper_is_not_live"),
)

account_snapshots = Table(
    "account_snapshots",
    metadata,
    Column("snapshot_id", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False),
    Column("equity", ExactDecimal(), nullable=False),
    Column("cash", ExactDecimal(), nullable=False),
    Column("margin_used", ExactDecimal(), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("positions", Json, nullable=False),
    Column("cash_by_currency", NullableJson),
    Column("unrealised_pnl", ExactDecimal()),
    Column("marks", NullableJson),
    Column("working_orders", NullableJson),
)

Index("ix_account_snapshots_as_of", account_snapshots.c.account_id, account_snapshots.c.as_of)

fund_days = Table(
    "fund_days",
    metadata,
    Column("fund_id", ForeignKey("funds.fund_id"), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("began_at", UtcDateTime(), nullable=False),
    Column("opened", Json, nullable=False),
    Column("opening_equity", ExactDecimal(), nullable=False),
    Column("peak", ExactDecimal()),
    Column("day_stopped_at", UtcDateTime()),
    Column("drawdown_stopped_at", UtcDateTime()),
    Column("recorded_at", UtcDateTime(), nullable=False),
    Column("recorded_by", String(200), nullable=False),
    one_of("mode", TradingMode),
)

halts = Table(
    "halts",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("changed_by", String(200), nullable=False),
    Column("changed_at", UtcDateTime(), nullable=False),
    one_of("state", HaltState),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String(64), primary_key=True),
    Column("at", UtcDateTime(), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("entity", String(64), nullable=False),
    Column("entity_id", String(128), nullable=False),
    Column("fund_id", String(64)),
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("raised", Integer, nullable=False),
    Column("last_at", UtcDateTime(), nullable=False),
    Column("acknowledged_by", String(200)),
    Column("acknowledged_at", UtcDateTime()),
    Column("note", Text, nullable=False),
    one_of("severity", Severity),
)

STILL_OPEN = text("acknowledged_at IS NULL")

Index(
    "uq_alerts_one_open",
    alerts.c.kind,
    alerts.c.entity,
    alerts.c.entity_id,
    unique=True,
    sqlite_where=STILL_OPEN,
    postgresql_where=STILL_OPEN,
)

Index("ix_alerts_last_at", alerts.c.last_at)
