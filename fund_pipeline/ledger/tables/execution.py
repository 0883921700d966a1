"""Decisions, orders, executions, positions and the senders' own books."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.ledger.tables.base import metadata, one_of
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime
from fund_pipeline.terms import DecisionOutcome, OrderRole, OrderType, Side

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", String(64), primary_key=True),
    Column("signal_id", ForeignKey("raw_signals.signal_id"), nullable=False),
    Column("fund_id", ForeignKey("funds.fund_id"), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("figures", Json, nullable=False),
    Column("batch", String(64), nullable=False, index=True),
    Column("decided_at", UtcDateTime(), nullable=False),
    Column("part", Integer, nullable=False),
    Column("actions", Json, nullable=False),
    Column("follow_up", Boolean, nullable=False),
    UniqueConstraint("signal_id", "fund_id", "part"),
    one_of("outcome", DecisionOutcome),
)

Index("ix_decisions_fund_id", decisions.c.fund_id, decisions.c.decided_at)

IS_FOLLOWED = text("follow_up")

Index("ix_decisions_follow_up", decisions.c.decided_at, sqlite_where=IS_FOLLOWED, postgresql_where=IS_FOLLOWED)

orders = Table(
    "orders",
    metadata,
    Column("client_order_id", String(40), primary_key=True),
    Column("decision_id", ForeignKey("decisions.decision_id"), nullable=False, index=True),
    Column("signal_id", ForeignKey("raw_signals.signal_id"), nullable=False),
    Column("leg", Integer, nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("fund_id", ForeignKey("funds.fund_id"), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("role", String(8), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("instrument_key", String(64), nullable=False),
    Column("asset_class", String(16), nullable=False),
    Column("side", String(4), nullable=False),
    Column("planned_quantity", ExactDecimal(), nullable=False),
    Column("quantity", ExactDecimal(), nullable=False),
    Column("order_type", String(16), nullable=False),
    Column("limit_price", ExactDecimal()),
    Column("stop_price", ExactDecimal()),
    Column("multiplier", ExactDecimal(), nullable=False),
    Column("currency", String(8), nullable=False),
    Column("reference_price", ExactDecimal()),
    Column("reserved_margin", ExactDecimal(), nullable=False),
    Column("filled_quantity", ExactDecimal(), nullable=False),
    Column("average_price", ExactDecimal()),
    Column("wanted_quantity", ExactDecimal()),
    Column("cancel_for", String(64)),
    Column("waits_for", Json, nullable=False),
    Column("close_fraction", ExactDecimal()),
    Column("close_base", ExactDecimal()),
    Column("closes_entry", String(64)),
    Column("closes_others", Boolean, nullable=False, server_default=true()),
    Column("combination", Integer),
    Column("ratio", Integer),
    Column("net_price", ExactDecimal()),
    Column("not_before", UtcDateTime()),
    Column("expires_at", UtcDateTime()),
    Column("broker_order_id", String(64)),
    Column("oca_group", String(40)),
    Column("reason", String(64)),
    Column("message", Text, nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("submitted_at", UtcDateTime()),
    Column("acknowledged_at", UtcDateTime()),
    Column("closed_at", UtcDateTime()),
    Column("updated_at", UtcDateTime(), nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("signal_id", "leg", "account_id", "role", "attempt"),
    one_of("role", OrderRole),
    one_of("state", OrderState),
    one_of("side", Side),
    one_of("order_type", OrderType),
)

ORDER_IS_LIVE = text("state NOT IN ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED')")

Index(
    "uq_orders_one_live",
    orders.c.signal_id,
    orders.c.leg,
    orders.c.account_id,
    orders.c.role,
    unique=True,
    sqlite_where=ORDER_IS_LIVE,
    postgresql_where=ORDER_IS_LIVE,
)

Index("ix_orders_live", orders.c.account_id, sqlite_where=ORDER_IS_LIVE, postgresql_where=ORDER_IS_LIVE)

Index("ix_orders_state", orders.c.state, orders.c.created_at)

Index("ix_orders_instrument", orders.c.account_id, orders.c.instrument_key)

Index("ix_orders_closed_at", orders.c.closed_at)

order_transitions = Table(
    "order_transitions",
    metadata,
    Column("client_order_id", ForeignKey("orders.client_order_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime(), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("reason", String(64)),
    Column("detail", Json, nullable=False),
)

executions = Table(
    "executions",
    metadata,
    Column("broker", String(32), primary_key=True),
    Column("broker_account", String(64), primary_key=True),
    Column("broker_execution_id", String(128), primary_key=True),
    Column("client_order_id", ForeignKey("orders.client_order_id"), index=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("instrument_key", String(64), nullable=False),
    Column("side", String(4), nullable=False),
    Column("quantity", ExactDecimal(), nullable=False),
    Column("price", ExactDecimal(), nullable=False),
    Column("commission", ExactDecimal(), nullable=False),
    Column("commission_currency", String(8), nullable=False),
    Column("multiplier", ExactDecimal(), nullable=False),
    Column("currency", String(8), nullable=False),
    Column("executed_at", UtcDateTime(), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False),
    Column("number", Integer, nullable=False),
    UniqueConstraint("account_id", "number"),
    one_of("side", Side),
)

executions_aside = Table(
    "executions_aside",
    metadata,
    Column("aside_id", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("told", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("first_at", UtcDateTime(), nullable=False),
    Column("last_at", UtcDateTime(), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("booked_at", UtcDateTime()),
)

NOT_BOOKED = text("booked_at IS NULL")

Index("ix_executions_aside", executions_aside.c.account_id, sqlite_where=NOT_BOOKED, postgresql_where=NOT_BOOKED)

positions = Table(
    "positions",
    metadata,
    Column("strategy", String(200), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("instrument_key", String(64), primary_key=True),
    Column("quantity", ExactDecimal(), nullable=False),
    Column("is_flat", Boolean, nullable=False),
    Column("cost", ExactDecimal(), nullable=False),
    Column("average_price", ExactDecimal(), nullable=False),
    Column("realised_pnl", ExactDecimal(), nullable=False),
    Column("commission", ExactDecimal(), nullable=False),
    Column("multiplier", ExactDecimal(), nullable=False),
    Column("currency", String(8), nullable=False),
    Column("opened_by", ForeignKey("raw_signals.signal_id")),
    Column("updated_at", UtcDateTime(), nullable=False),
    Column("lots", Json, nullable=False, server_default=text("'[]'")),
)

HOLDS_SOMETHING = text("NOT is_flat")

Index(
    "ix_positions_open",
    positions.c.account_id,
    positions.c.instrument_key,
    sqlite_where=HOLDS_SOMETHING,
    postgresql_where=HOLDS_SOMETHING,
)

sender_entries = Table(
    "sender_entries",
    metadata,
    Column("signal_id", ForeignKey("raw_signals.signal_id"), primary_key=True),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("strategy", String(200), nullable=False),
    Column("instrument_key", String(64), nullable=False),
    Column("side", String(4), nullable=False),
    Column("quantity", ExactDecimal(), nullable=False),
    Column("remaining", ExactDecimal(), nullable=False),
    Column("at", UtcDateTime(), nullable=False),
    one_of("side", Side),
)

Index("ix_sender_entries_book", sender_entries.c.strategy, sender_entries.c.instrument_key)

ENTRY_IS_OPEN = text("remaining <> '0.000000000000'")
"""As the ledger writes nought on SQLite; a number on PostgreSQL."""

Index(
    "ix_sender_entries_open",
    sender_entries.c.strategy,
    sqlite_where=ENTRY_IS_OPEN,
    postgresql_where=ENTRY_IS_OPEN,
)
