"""How each day of a fund began, by mode, and what it has come to: what the day's loss and the drawdown are against."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fund_days",
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("opened", Json, nullable=False),
        sa.Column("opening_equity", ExactDecimal(), nullable=False),
        sa.Column("peak", ExactDecimal(), nullable=True),
        sa.Column("day_stopped_at", UtcDateTime(), nullable=True),
        sa.Column("drawdown_stopped_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("mode IN ('PAPER', 'LIVE')", name=op.f("ck_fund_days_mode")),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.fund_id"], name=op.f("fk_fund_days_fund_id")),
        sa.PrimaryKeyConstraint("fund_id", "mode", "day", name=op.f("pk_fund_days")),
    )


def downgrade() -> None:
    op.drop_table("fund_days")
