"""Terms of senders, payouts month by month, what they rest on, and payments: all append-only."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = ("fund_id", "mode", "sender_id", "month")
EXECUTION = ("broker", "broker_account", "broker_execution_id")
TABLES = ("payout_payments", "payout_items", "payouts", "payout_terms")


def upgrade() -> None:
    op.create_table(
        "payout_terms",
        sa.Column("sender_id", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        _money("share"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        _refers("payout_terms", "sender_id", "senders"),
        sa.PrimaryKeyConstraint("sender_id", "valid_from", name=op.f("pk_payout_terms")),
    )
    op.create_table(
        "payouts",
        *_key(),
        _money("share"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        _money("realised"),
        _money("late"),
        sa.Column("carried_rate", ExactDecimal(), nullable=True),
        _money("cumulative"),
        _money("peak_before"),
        _money("due"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("closed_by", sa.String(length=200), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("mode IN ('PAPER', 'LIVE')", name=op.f("ck_payouts_mode")),
        _refers("payouts", "fund_id", "funds"),
        _refers("payouts", "sender_id", "senders"),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_payouts")),
    )
    op.create_index("ix_payouts_sender_id", "payouts", ["sender_id", "month"], unique=False)
    _create_items()
    op.create_table(
        "payout_payments",
        *_key(),
        _money("amount"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("flow_id", sa.String(length=64), nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _of_payout("payout_payments"),
        _refers("payout_payments", "account_id", "accounts"),
        _refers("payout_payments", "flow_id", "cash_flows"),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_payout_payments")),
        sa.UniqueConstraint("flow_id", name=op.f("uq_payout_payments_flow_id")),
    )
    for table in TABLES:
        refuse_changes(table)


def downgrade() -> None:
    for table in TABLES:
        allow_changes(table)
    for table in TABLES:
        op.drop_table(table)


def _create_items() -> None:
    op.create_table(
        "payout_items",
        sa.Column("broker", sa.String(length=32), nullable=False),
        sa.Column("broker_account", sa.String(length=64), nullable=False),
        sa.Column("broker_execution_id", sa.String(length=128), nullable=False),
        sa.Column("entry_signal_id", sa.String(length=64), nullable=False),
        *_key(),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("strategy", sa.String(length=200), nullable=False),
        sa.Column("instrument_key", sa.String(length=64), nullable=False),
        _money("gain"),
        sa.Column("currency", sa.String(length=8), nullable=False),
        _money("commission"),
        sa.Column("commission_currency", sa.String(length=8), nullable=False),
        _money("gain_rate"),
        _money("commission_rate"),
        _money("net"),
        sa.Column("executed_at", UtcDateTime(), nullable=False),
        sa.Column("executed_month", sa.Date(), nullable=False),
        _of_payout("payout_items"),
        sa.ForeignKeyConstraint(
            EXECUTION, [f"executions.{one}" for one in EXECUTION], name=op.f("fk_payout_items_broker")
        ),
        sa.ForeignKeyConstraint(
            ["entry_signal_id"], ["raw_signals.signal_id"], name=op.f("fk_payout_items_entry_signal_id")
        ),
        _refers("payout_items", "account_id", "accounts"),
        sa.PrimaryKeyConstraint(*EXECUTION, "entry_signal_id", name=op.f("pk_payout_items")),
    )
    of_sender = ["sender_id", "fund_id", "mode", "month"]
    op.create_index("ix_payout_items_sender_id", "payout_items", of_sender, unique=False)


def _key() -> list[sa.Column[Any]]:
    return [
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("sender_id", sa.String(length=64), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
    ]


def _money(name: str) -> sa.Column[Decimal]:
    return sa.Column(name, ExactDecimal(), nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.{column}"], name=op.f(f"fk_{table}_{column}"))


def _of_payout(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(KEY, [f"payouts.{one}" for one in KEY], name=op.f(f"fk_{table}_fund_id"))
