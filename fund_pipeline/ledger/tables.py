"""The tables, as the newest migration leaves them. A test compares the two."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from fund_pipeline.ledger.account_model import AccountStatus, HaltState, Severity
from fund_pipeline.ledger.approval_model import ApprovalMethod, Decision
from fund_pipeline.ledger.model import AllocationOrigin, AllocationStatus, SizingMode, StrategyStatus, TradingMode
from fund_pipeline.ledger.order_model import DecisionOutcome, OrderRole, OrderState
from fund_pipeline.ledger.signal_model import SenderStatus, SignalState, WayIn
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime
from fund_pipeline.ledger.user_model import UserRole, UserStatus
from fund_pipeline.terms import OrderType, Side

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, states: type[StrEnum]) -> CheckConstraint:
    values = ", ".join(f"'{state.value}'" for state in states)
    return CheckConstraint(f"{column} IN ({values})", name=column)


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
    _one_of("status", StrategyStatus),
    _one_of("trading_mode", TradingMode),
    _one_of("sizing", SizingMode),
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
    _one_of("status", AllocationStatus),
    _one_of("origin", AllocationOrigin),
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
    _one_of("decision", Decision),
    _one_of("method", ApprovalMethod),
)

SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")

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

users = Table(
    "users",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("password_hash", Text),
    Column("totp_secret", Text),
    Column("totp_last_step", BigInteger),
    Column("code_failures", Json, nullable=False),
    Column("password_failures", Json, nullable=False),
    Column("locked_until", UtcDateTime()),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    _one_of("role", UserRole),
    _one_of("status", UserStatus),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", ForeignKey("users.user_id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("spent_at", UtcDateTime()),
)

senders = Table(
    "senders",
    metadata,
    Column("sender_id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("environment", String(16), nullable=False),
    Column("allowed_networks", Json, nullable=False),
    Column("hmac_secret", Text),
    Column("options", Json, nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    _one_of("status", SenderStatus),
)

sender_passphrases = Table(
    "sender_passphrases",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("sender_id", ForeignKey("senders.sender_id"), nullable=False, index=True),
    Column("hash", Text, nullable=False),
    Column("expires_at", UtcDateTime()),
    Column("created_at", UtcDateTime(), nullable=False),
)

raw_signals = Table(
    "raw_signals",
    metadata,
    Column("signal_id", String(64), primary_key=True),
    Column("sender_id", String(64), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("sender_signal_id", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("hook_digest", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("headers", Json, nullable=False),
    Column("way_in", String(16), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("repeats", Boolean, nullable=False),
    UniqueConstraint("strategy", "sender_signal_id", "digest"),
    _one_of("way_in", WayIn),
)
NOT_REPEATS = text("NOT repeats")
Index(
    "uq_raw_signals_one_per_id",
    raw_signals.c.strategy,
    raw_signals.c.sender_signal_id,
    unique=True,
    sqlite_where=NOT_REPEATS,
    postgresql_where=NOT_REPEATS,
)
Index("ix_raw_signals_hook", raw_signals.c.strategy, raw_signals.c.sender_signal_id, raw_signals.c.hook_digest)

NullableJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

signals = Table(
    "signals",
    metadata,
    Column("signal_id", ForeignKey("raw_signals.signal_id"), primary_key=True),
    Column("sender_id", String(64), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("sender_signal_id", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    Column("reason", String(64)),
    Column("problem", NullableJson),
    Column("standardised", NullableJson),
    Column("type", String(16)),
    Column("reference", String(200)),
    Column("environment", String(16)),
    Column("format", String(32)),
    Column("sent_at", UtcDateTime()),
    Column("supplement", Text),
    Column("attempts", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("claimed_by", String(128)),
    Column("lease_until", UtcDateTime()),
    _one_of("state", SignalState),
)
Index("ix_signals_state", signals.c.state, signals.c.received_at, signals.c.signal_id)
Index("ix_signals_strategy", signals.c.strategy, signals.c.received_at)

signal_transitions = Table(
    "signal_transitions",
    metadata,
    Column("signal_id", ForeignKey("signals.signal_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime(), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("reason", String(64)),
    Column("problem", NullableJson),
)

refused_signals = Table(
    "refused_signals",
    metadata,
    Column("refused_id", String(64), primary_key=True),
    Column("sender_id", String(64), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("problem", Json, nullable=False),
    Column("payload", Text, nullable=False),
    Column("way_in", String(16), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False, index=True),
    Column("request_id", String(64), nullable=False),
    _one_of("way_in", WayIn),
)

signal_resends = Table(
    "signal_resends",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True),
    Column("signal_id", ForeignKey("raw_signals.signal_id"), nullable=False),
    Column("way_in", String(16), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False, index=True),
    Column("request_id", String(64), nullable=False),
    _one_of("way_in", WayIn),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", Json, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("expires_at", UtcDateTime()),
    Column("revoked_at", UtcDateTime()),
)

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
    _one_of("mode", TradingMode),
    _one_of("status", AccountStatus),
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
)
Index("ix_account_snapshots_as_of", account_snapshots.c.account_id, account_snapshots.c.as_of)

halts = Table(
    "halts",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("changed_by", String(200), nullable=False),
    Column("changed_at", UtcDateTime(), nullable=False),
    _one_of("state", HaltState),
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
    _one_of("severity", Severity),
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
    _one_of("outcome", DecisionOutcome),
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
    _one_of("role", OrderRole),
    _one_of("state", OrderState),
    _one_of("side", Side),
    _one_of("order_type", OrderType),
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
    _one_of("side", Side),
)

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
    _one_of("side", Side),
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
