"""Breaks, how each account's books stand, and opening cash, which is append-only."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STANDS = sa.text("cleared_at IS NULL")
STANDINGS = "('RECONCILED', 'NEVER', 'STARTED', 'NOT_KNOWN')"
KINDS = (
    "('POSITION', 'SPLIT', 'EXECUTION_MISSED', 'EXECUTION_NOT_AT_BROKER', 'EXECUTION_ALTERED', "
    "'EXECUTION_DUPLICATED', 'EXTERNAL_TRADE', 'LATE_COMMISSION', 'CASH', 'DIVIDEND', 'ORDER_ENDED', "
    "'ORDER_MISSING', 'ORDER_UNKNOWN', 'ORDER_DIFFERS', 'ORDER_FILLS_UNTOLD', 'ORDER_ORPHAN', 'ORDER_EXTERNAL', "
    "'ORDER_STILL_WORKING', 'EQUITY_JUMP')"
)


def upgrade() -> None:
    op.create_table(
        "account_books",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("standing", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("last_pass", UtcDateTime(), nullable=True),
        sa.Column("last_complete", UtcDateTime(), nullable=True),
        sa.Column("findings", Json, nullable=False),
        sa.Column("policy", sa.String(length=8), nullable=False),
        sa.CheckConstraint(f"standing IN {STANDINGS}", name=op.f("ck_account_books_standing")),
        sa.CheckConstraint("policy IN ('ASK', 'ADOPT')", name=op.f("ck_account_books_policy")),
        _account("account_books"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_books")),
    )
    op.create_table(
        "cash_openings",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("through", sa.Integer(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        _account("cash_openings"),
        sa.PrimaryKeyConstraint("account_id", "currency", name=op.f("pk_cash_openings")),
    )
    _create_breaks()
    refuse_changes("cash_openings")


def downgrade() -> None:
    allow_changes("cash_openings")
    for table in ("breaks", "cash_openings", "account_books"):
        op.drop_table(table)


def _account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f(f"fk_{table}_account_id"))


def _create_breaks() -> None:
    op.create_table(
        "breaks",
        sa.Column("break_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("instrument_key", sa.String(length=64), nullable=True),
        sa.Column("ours", ExactDecimal(), nullable=True),
        sa.Column("theirs", ExactDecimal(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("first_seen", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.Column("cleared_because", sa.String(length=16), nullable=True),
        sa.Column("cleared_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_breaks_kind")),
        sa.CheckConstraint("severity IN ('INFO', 'WARNING', 'CRITICAL')", name=op.f("ck_breaks_severity")),
        _account("breaks"),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.fund_id"], name=op.f("fk_breaks_fund_id")),
        sa.PrimaryKeyConstraint("break_id", name=op.f("pk_breaks")),
    )
    op.create_index(
        "uq_breaks_one_open",
        "breaks",
        ["account_id", "kind", "subject"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )
    op.create_index("ix_breaks_first_seen", "breaks", ["account_id", "first_seen"], unique=False)
