"""Executions that could not be booked, kept as they were told."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.types import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NOT_BOOKED = sa.text("booked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "executions_aside",
        sa.Column("aside_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("booked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_executions_aside_account_id")),
        sa.PrimaryKeyConstraint("aside_id", name=op.f("pk_executions_aside")),
    )
    op.create_index(
        "ix_executions_aside",
        "executions_aside",
        ["account_id"],
        unique=False,
        sqlite_where=NOT_BOOKED,
        postgresql_where=NOT_BOOKED,
    )


def downgrade() -> None:
    op.drop_table("executions_aside")
