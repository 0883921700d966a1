"""Accounts and snapshots of them, append-only; halts; alerts."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STILL_OPEN = sa.text("acknowledged_at IS NULL")


def upgrade() -> None:
    _create_accounts()
    _create_snapshots()
    _create_halts()
    _create_alerts()
    refuse_changes("account_snapshots")


def downgrade() -> None:
    allow_changes("account_snapshots")
    for table in ("alerts", "halts", "account_snapshots", "accounts"):
        op.drop_table(table)


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("broker", sa.String(length=32), nullable=False),
        sa.Column("broker_account", sa.String(length=64), nullable=False),
        sa.Column("asset_classes", Json, nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("mode IN ('PAPER', 'LIVE')", name=op.f("ck_accounts_mode")),
        sa.CheckConstraint("status IN ('OPEN', 'CLOSED')", name=op.f("ck_accounts_status")),
        sa.CheckConstraint("broker <> 'paper' OR mode = 'PAPER'", name=op.f("ck_accounts_paper_is_not_live")),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.fund_id"], name=op.f("fk_accounts_fund_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("broker", "broker_account", name=op.f("uq_accounts_broker")),
    )
    op.create_index("ix_accounts_fund_id", "accounts", ["fund_id"], unique=False)


def _create_snapshots() -> None:
    op.create_table(
        "account_snapshots",
        sa.Column("snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("equity", ExactDecimal(), nullable=False),
        sa.Column("cash", ExactDecimal(), nullable=False),
        sa.Column("margin_used", ExactDecimal(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("positions", Json, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_account_snapshots_account_id")),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("pk_account_snapshots")),
    )
    op.create_index("ix_account_snapshots_as_of", "account_snapshots", ["account_id", "as_of"], unique=False)


def _create_halts() -> None:
    op.create_table(
        "halts",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('ACTIVE', 'REDUCING', 'HALTED')", name=op.f("ck_halts_state")),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_halts")),
    )


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.String(length=128), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("raised", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=200), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("severity IN ('INFO', 'WARNING', 'CRITICAL')", name=op.f("ck_alerts_severity")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "uq_alerts_one_open",
        "alerts",
        ["kind", "entity", "entity_id"],
        unique=True,
        sqlite_where=STILL_OPEN,
        postgresql_where=STILL_OPEN,
    )
    op.create_index("ix_alerts_last_at", "alerts", ["last_at"], unique=False)
