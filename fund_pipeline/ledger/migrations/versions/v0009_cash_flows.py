"""Cash flows, append-only."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = (
    "('OPENING', 'DEPOSIT', 'WITHDRAWAL', 'TRANSFER_IN', 'TRANSFER_OUT', 'FEE', 'DIVIDEND', 'INTEREST', "
    "'PERFORMANCE_FEE')"
)


def upgrade() -> None:
    op.create_table(
        "cash_flows",
        sa.Column("flow_id", sa.String(length=64), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fund_amount", ExactDecimal(), nullable=False),
        sa.Column("effective_at", UtcDateTime(), nullable=False),
        sa.Column("value_date", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("counter_account", sa.String(length=64), nullable=True),
        sa.Column("reverses", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_cash_flows_kind")),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.fund_id"], name=op.f("fk_cash_flows_fund_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_cash_flows_account_id")),
        sa.ForeignKeyConstraint(
            ["counter_account"], ["accounts.account_id"], name=op.f("fk_cash_flows_counter_account")
        ),
        sa.ForeignKeyConstraint(["reverses"], ["cash_flows.flow_id"], name=op.f("fk_cash_flows_reverses")),
        sa.PrimaryKeyConstraint("flow_id", name=op.f("pk_cash_flows")),
        sa.UniqueConstraint("account_id", "reference", name=op.f("uq_cash_flows_account_id")),
        sa.UniqueConstraint("reverses", name=op.f("uq_cash_flows_reverses")),
    )
    op.create_index("ix_cash_flows_account_id", "cash_flows", ["account_id", "effective_at"], unique=False)
    op.create_index("ix_cash_flows_fund_id", "cash_flows", ["fund_id", "effective_at"], unique=False)
    refuse_changes("cash_flows")


def downgrade() -> None:
    allow_changes("cash_flows")
    op.drop_table("cash_flows")
