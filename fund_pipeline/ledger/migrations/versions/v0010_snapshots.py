"""Snapshots at market, with cash by currency and what works; rates between currencies, append-only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
ADDED = (("cash_by_currency", JSON), ("unrealised_pnl", ExactDecimal()), ("marks", JSON), ("working_orders", JSON))


def upgrade() -> None:
    for name, kind in ADDED:  # as columns of the table that is there: its rows may not be written anew
        op.add_column("account_snapshots", sa.Column(name, kind, nullable=True))
    op.create_table(
        "currency_rates",
        sa.Column("source", sa.String(length=3), nullable=False),
        sa.Column("target", sa.String(length=3), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("told_by", sa.String(length=64), nullable=False),
        sa.Column("rate", ExactDecimal(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["told_by"], ["accounts.account_id"], name=op.f("fk_currency_rates_told_by")),
        sa.PrimaryKeyConstraint("source", "target", "as_of", "told_by", name=op.f("pk_currency_rates")),
    )
    refuse_changes("currency_rates")


def downgrade() -> None:
    allow_changes("currency_rates")
    op.drop_table("currency_rates")
    for name, _ in reversed(ADDED):
        op.drop_column("account_snapshots", name)
