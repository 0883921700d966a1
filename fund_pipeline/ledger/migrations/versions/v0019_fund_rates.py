"""The rates by which a fund's published figures value what it has in other currencies."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "dashboard_fund_rates"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("build_id", sa.String(length=64), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("used_for", sa.String(length=16), nullable=False),
        sa.Column("moment", UtcDateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", ExactDecimal(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("told_by", sa.String(length=64), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["build_id"], ["dashboard_builds.build_id"], name=op.f(f"fk_{TABLE}_build_id")),
        sa.PrimaryKeyConstraint("build_id", "fund_id", "currency", "used_for", "moment", name=op.f(f"pk_{TABLE}")),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
