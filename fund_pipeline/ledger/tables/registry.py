"""Funds, strategies and what their backtests came to."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    text,
)

from fund_pipeline.ledger.model import StrategyStatus, TradingMode
from fund_pipeline.ledger.tables.base import metadata, one_of
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime
from fund_pipeline.terms import SizingMode

funds = Table(
    "funds",
    metadata,
    Column("fund_id", String(64), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("currency", String(3), nullable=False),
    Column("capital", ExactDecimal(), nullable=False),
    Column("risk_limits", Json, nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
)

strategies = Table(
    "strategies",
    metadata,
    Column("strategy_id", String(128), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("trading_mode", String(8), nullable=False),
    Column("sizing", String(16), nullable=False),
    Column("include_in_optimization", Boolean, nullable=False),
    Column("accounts", Json, nullable=False),
    Column("risk_limits", Json, nullable=False),
    Column("developer_contact", String(320), nullable=False),
    Column("notes", Text, nullable=False),
    Column("unit_notional", ExactDecimal()),
    Column("margin_per_unit", ExactDecimal()),
    Column("lot_step", ExactDecimal(), nullable=False, server_default=text("'1'")),
    Column("max_gross", ExactDecimal()),
    Column("expected_alpha_per_trade", ExactDecimal()),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    one_of("status", StrategyStatus),
    one_of("trading_mode", TradingMode),
    one_of("sizing", SizingMode),
)

backtest_summaries = Table(
    "backtest_summaries",
    metadata,
    Column("strategy_id", ForeignKey("strategies.strategy_id"), primary_key=True),
    Column("content_hash", String(128), nullable=False),
    Column("source_file", String(1024), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("unit_evidence", Text, nullable=False),
    Column("calendar", String(32), nullable=False),
    Column("first_date", Date, nullable=False),
    Column("last_date", Date, nullable=False),
    Column("days", Integer, nullable=False),
    Column("missing_sessions", Integer, nullable=False),
    Column("stated", Json, nullable=False),
    Column("warnings", Json, nullable=False),
    Column("statistics", Json, nullable=False),
    Column("ingested_at", UtcDateTime(), nullable=False),
)

dates_acceptances = Table(
    "dates_acceptances",
    metadata,
    Column("strategy_id", ForeignKey("strategies.strategy_id"), primary_key=True),
    Column("content_hash", String(128), primary_key=True),
    Column("accepted_by", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("accepted_at", UtcDateTime(), nullable=False),
)
