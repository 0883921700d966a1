"""Decisions, orders with their changes of state, executions, positions, and the senders' own books."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OUTCOMES = "('APPROVED', 'RESIZED', 'REJECTED', 'DROPPED')"
ROLES = "('ENTRY', 'EXIT', 'STOP', 'TARGET')"
STATES = (
    "('INTENT', 'SUBMITTED', 'ACKNOWLEDGED', 'PARTIALLY_FILLED', 'PENDING_CANCEL', 'PENDING_REPLACE', 'UNKNOWN', "
    "'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED')"
)
SIDES = "('BUY', 'SELL')"
ORDER_TYPES = "('MARKET', 'LIMIT', 'STOP', 'STOP_LIMIT')"
IS_LIVE = sa.text("state NOT IN ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED')")
IS_FOLLOWED = sa.text("follow_up")
ENTRY_IS_OPEN = sa.text("remaining <> '0.000000000000'")
HOLDS_SOMETHING = sa.text("NOT is_flat")
APPEND_ONLY = ("decisions", "order_transitions", "executions")
TABLES = ("sender_entries", "positions", "executions", "order_transitions", "orders", "decisions")


def upgrade() -> None:
    _create_decisions()
    _create_orders()
    _create_order_transitions()
    _create_executions()
    _create_positions()
    _create_sender_entries()
    for table in APPEND_ONLY:
        refuse_changes(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        allow_changes(table)
    for table in TABLES:
        op.drop_table(table)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.{column}"], name=op.f(f"fk_{table}_{column}"))


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("signal_id", sa.String(length=64), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("strategy", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("actions", Json, nullable=False),
        sa.Column("follow_up", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"outcome IN {OUTCOMES}", name=op.f("ck_decisions_outcome")),
        _refers("decisions", "signal_id", "raw_signals"),
        _refers("decisions", "fund_id", "funds"),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("signal_id", "fund_id", "part", name=op.f("uq_decisions_signal_id")),
    )
    op.create_index("ix_decisions_batch", "decisions", ["batch"], unique=False)
    op.create_index("ix_decisions_fund_id", "decisions", ["fund_id", "decided_at"], unique=False)
    op.create_index(
        "ix_decisions_follow_up",
        "decisions",
        ["decided_at"],
        unique=False,
        sqlite_where=IS_FOLLOWED,
        postgresql_where=IS_FOLLOWED,
    )


def _create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("client_order_id", sa.String(length=40), nullable=False),
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("signal_id", sa.String(length=64), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("strategy", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("instrument_key", sa.String(length=64), nullable=False),
        sa.Column("asset_class", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("planned_quantity", ExactDecimal(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("order_type", sa.String(length=16), nullable=False),
        sa.Column("limit_price", ExactDecimal(), nullable=True),
        sa.Column("stop_price", ExactDecimal(), nullable=True),
        sa.Column("multiplier", ExactDecimal(), nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("reference_price", ExactDecimal(), nullable=True),
        sa.Column("reserved_margin", ExactDecimal(), nullable=False),
        sa.Column("filled_quantity", ExactDecimal(), nullable=False),
        sa.Column("average_price", ExactDecimal(), nullable=True),
        sa.Column("wanted_quantity", ExactDecimal(), nullable=True),
        sa.Column("cancel_for", sa.String(length=64), nullable=True),
        sa.Column("waits_for", Json, nullable=False),
        sa.Column("close_fraction", ExactDecimal(), nullable=True),
        sa.Column("combination", sa.Integer(), nullable=True),
        sa.Column("ratio", sa.Integer(), nullable=True),
        sa.Column("net_price", ExactDecimal(), nullable=True),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("broker_order_id", sa.String(length=64), nullable=True),
        sa.Column("oca_group", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"role IN {ROLES}", name=op.f("ck_orders_role")),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_orders_state")),
        sa.CheckConstraint(f"side IN {SIDES}", name=op.f("ck_orders_side")),
        sa.CheckConstraint(f"order_type IN {ORDER_TYPES}", name=op.f("ck_orders_order_type")),
        _refers("orders", "decision_id", "decisions"),
        _refers("orders", "signal_id", "raw_signals"),
        _refers("orders", "account_id", "accounts"),
        _refers("orders", "fund_id", "funds"),
        sa.PrimaryKeyConstraint("client_order_id", name=op.f("pk_orders")),
        sa.UniqueConstraint("signal_id", "leg", "account_id", "role", "attempt", name=op.f("uq_orders_signal_id")),
    )
    key = ["signal_id", "leg", "account_id", "role"]
    op.create_index("uq_orders_one_live", "orders", key, unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE)
    op.create_index("ix_orders_live", "orders", ["account_id"], sqlite_where=IS_LIVE, postgresql_where=IS_LIVE)
    op.create_index("ix_orders_decision_id", "orders", ["decision_id"], unique=False)
    op.create_index("ix_orders_state", "orders", ["state", "created_at"], unique=False)
    op.create_index("ix_orders_instrument", "orders", ["account_id", "instrument_key"], unique=False)
    op.create_index("ix_orders_closed_at", "orders", ["closed_at"], unique=False)


def _create_order_transitions() -> None:
    op.create_table(
        "order_transitions",
        sa.Column("client_order_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("detail", Json, nullable=False),
        _refers("order_transitions", "client_order_id", "orders"),
        sa.PrimaryKeyConstraint("client_order_id", "number", name=op.f("pk_order_transitions")),
    )


def _create_executions() -> None:
    op.create_table(
        "executions",
        sa.Column("broker", sa.String(length=32), nullable=False),
        sa.Column("broker_account", sa.String(length=64), nullable=False),
        sa.Column("broker_execution_id", sa.String(length=128), nullable=False),
        sa.Column("client_order_id", sa.String(length=40), nullable=True),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("strategy", sa.String(length=200), nullable=False),
        sa.Column("instrument_key", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("commission", ExactDecimal(), nullable=False),
        sa.Column("commission_currency", sa.String(length=8), nullable=False),
        sa.Column("multiplier", ExactDecimal(), nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("executed_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"side IN {SIDES}", name=op.f("ck_executions_side")),
        _refers("executions", "client_order_id", "orders"),
        _refers("executions", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("broker", "broker_account", "broker_execution_id", name=op.f("pk_executions")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_executions_account_id")),
    )
    op.create_index("ix_executions_client_order_id", "executions", ["client_order_id"], unique=False)


def _create_positions() -> None:
    op.create_table(
        "positions",
        sa.Column("strategy", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("instrument_key", sa.String(length=64), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("is_flat", sa.Boolean(), nullable=False),
        sa.Column("cost", ExactDecimal(), nullable=False),
        sa.Column("average_price", ExactDecimal(), nullable=False),
        sa.Column("realised_pnl", ExactDecimal(), nullable=False),
        sa.Column("commission", ExactDecimal(), nullable=False),
        sa.Column("multiplier", ExactDecimal(), nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("opened_by", sa.String(length=64), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        _refers("positions", "account_id", "accounts"),
        sa.ForeignKeyConstraint(["opened_by"], ["raw_signals.signal_id"], name=op.f("fk_positions_opened_by")),
        sa.PrimaryKeyConstraint("strategy", "account_id", "instrument_key", name=op.f("pk_positions")),
    )
    op.create_index(
        "ix_positions_open",
        "positions",
        ["account_id", "instrument_key"],
        sqlite_where=HOLDS_SOMETHING,
        postgresql_where=HOLDS_SOMETHING,
    )


def _create_sender_entries() -> None:
    op.create_table(
        "sender_entries",
        sa.Column("signal_id", sa.String(length=64), nullable=False),
        sa.Column("leg", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("strategy", sa.String(length=200), nullable=False),
        sa.Column("instrument_key", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("remaining", ExactDecimal(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"side IN {SIDES}", name=op.f("ck_sender_entries_side")),
        _refers("sender_entries", "signal_id", "raw_signals"),
        sa.PrimaryKeyConstraint("signal_id", "leg", name=op.f("pk_sender_entries")),
    )
    op.create_index("ix_sender_entries_book", "sender_entries", ["strategy", "instrument_key"], unique=False)
    op.create_index(
        "ix_sender_entries_open",
        "sender_entries",
        ["strategy"],
        unique=False,
        sqlite_where=ENTRY_IS_OPEN,
        postgresql_where=ENTRY_IS_OPEN,
    )
