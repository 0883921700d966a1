"""Clients, their terms and requests; NAVs, what clients' units are worth in them, and what was dealt; closed months."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MODES = "mode IN ('PAPER', 'LIVE')"
APPEND_ONLY = ("client_terms", "closed_months", "late_entries")
TABLES = (
    "late_entries",
    "closed_months",
    "dealings",
    "client_days",
    "navs",
    "dealing_requests",
    "client_terms",
    "clients",
)


def upgrade() -> None:
    _create_clients()
    _create_client_terms()
    _create_dealing_requests()
    _create_navs()
    _create_client_days()
    _create_dealings()
    _create_closed_months()
    _create_late_entries()
    for table in APPEND_ONLY:
        refuse_changes(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        allow_changes(table)
    for table in TABLES:
        op.drop_table(table)


def _refers(table: str, column: str, to: str, key: str = "") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.{key or column}"], name=op.f(f"fk_{table}_{column}"))


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _exact(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, ExactDecimal(), nullable=False) for name in names]


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _day_of_fund() -> list[sa.Column[object]]:
    return [_text("fund_id", 64), _text("mode", 8), sa.Column("day", sa.Date(), nullable=False)]


def _create_clients() -> None:
    op.create_table(
        "clients",
        _text("client_id", 64),
        _text("fund_id", 64),
        _text("mode", 8),
        _text("name", 200),
        _text("user_id", 64, nullable=True),
        _moment("created_at"),
        _moment("updated_at"),
        sa.CheckConstraint(MODES, name=op.f("ck_clients_mode")),
        _refers("clients", "fund_id", "funds"),
        _refers("clients", "user_id", "users"),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_clients")),
    )
    op.create_index("ix_clients_fund_id", "clients", ["fund_id"], unique=False)


def _create_client_terms() -> None:
    op.create_table(
        "client_terms",
        _text("client_id", 64),
        sa.Column("valid_from", sa.Date(), nullable=False),
        *_exact("performance_fee"),
        _text("crystallisation", 16),
        _text("recorded_by", 200),
        _moment("recorded_at"),
        sa.CheckConstraint(
            "crystallisation IN ('MONTH_END', 'QUARTER_END', 'YEAR_END')",
            name=op.f("ck_client_terms_crystallisation"),
        ),
        _refers("client_terms", "client_id", "clients"),
        sa.PrimaryKeyConstraint("client_id", "valid_from", name=op.f("pk_client_terms")),
    )


def _create_dealing_requests() -> None:
    op.create_table(
        "dealing_requests",
        _text("request_id", 64),
        _text("client_id", 64),
        _text("kind", 16),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=True),
        sa.Column("units", ExactDecimal(), nullable=True),
        _text("to_client", 64, nullable=True),
        _text("reference", 128),
        sa.Column("note", sa.Text(), nullable=False),
        _text("requested_by", 200),
        _moment("requested_at"),
        _text("cancelled_by", 200, nullable=True),
        _moment("cancelled_at", nullable=True),
        _moment("updated_at"),
        sa.CheckConstraint("kind IN ('SUBSCRIPTION', 'REDEMPTION', 'TRANSFER')", name=op.f("ck_dealing_requests_kind")),
        _refers("dealing_requests", "client_id", "clients"),
        _refers("dealing_requests", "to_client", "clients", "client_id"),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_dealing_requests")),
        sa.UniqueConstraint("client_id", "reference", name=op.f("uq_dealing_requests_client_id")),
    )


def _create_navs() -> None:
    op.create_table(
        "navs",
        *_day_of_fund(),
        _moment("as_of"),
        _moment("close_at"),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        _text("currency", 3),
        *_exact("equity", "deposited", "withdrawn", "fees_paid", "subscribed", "redeemed", "crystallised", "inflow"),
        *_exact("performance", "gross", "fee", "accrued", "nav", "outflow", "redemption_fee", "arriving"),
        *_exact("units", "price"),
        _text("digest", 64),
        sa.Column("revision", sa.Integer(), nullable=False),
        _text("struck_by", 200),
        _moment("struck_at"),
        sa.CheckConstraint(MODES, name=op.f("ck_navs_mode")),
        _refers("navs", "fund_id", "funds"),
        sa.PrimaryKeyConstraint("fund_id", "mode", "day", name=op.f("pk_navs")),
    )


def _of_nav(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["fund_id", "mode", "day"], ["navs.fund_id", "navs.mode", "navs.day"], name=op.f(f"fk_{table}_fund_id")
    )


def _create_client_days() -> None:
    op.create_table(
        "client_days",
        *_day_of_fund(),
        _text("client_id", 64),
        *_exact("units", "inflow", "gross", "fee", "accrued", "charge", "value", "outflow", "mark"),
        *_exact("closing_units", "closing_accrued"),
        sa.Column("revision", sa.Integer(), nullable=False),
        _of_nav("client_days"),
        _refers("client_days", "client_id", "clients"),
        sa.PrimaryKeyConstraint("fund_id", "mode", "day", "client_id", name=op.f("pk_client_days")),
    )
    op.create_index("ix_client_days_client_id", "client_days", ["client_id", "day"], unique=False)


def _create_dealings() -> None:
    op.create_table(
        "dealings",
        *_day_of_fund(),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _text("client_id", 64),
        _text("kind", 16),
        _text("request_id", 64, nullable=True),
        sa.Column("at_open", sa.Boolean(), nullable=False),
        *_exact("units", "amount", "fee", "mark"),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('SUBSCRIPTION', 'REDEMPTION', 'TRANSFER_OUT', 'TRANSFER_IN', 'PERFORMANCE_FEE', 'REFUSED')",
            name=op.f("ck_dealings_kind"),
        ),
        _of_nav("dealings"),
        _refers("dealings", "client_id", "clients"),
        _refers("dealings", "request_id", "dealing_requests"),
        sa.PrimaryKeyConstraint("fund_id", "mode", "day", "number", name=op.f("pk_dealings")),
    )
    op.create_index("ix_dealings_request_id", "dealings", ["request_id"], unique=False)
    op.create_index("ix_dealings_client_id", "dealings", ["client_id", "day"], unique=False)


def _create_closed_months() -> None:
    op.create_table(
        "closed_months",
        _text("fund_id", 64),
        _text("mode", 8),
        sa.Column("month", sa.Date(), nullable=False),
        _text("closed_by", 200),
        _moment("closed_at"),
        sa.CheckConstraint(MODES, name=op.f("ck_closed_months_mode")),
        _refers("closed_months", "fund_id", "funds"),
        sa.PrimaryKeyConstraint("fund_id", "mode", "month", name=op.f("pk_closed_months")),
    )


def _create_late_entries() -> None:
    op.create_table(
        "late_entries",
        _text("fund_id", 64),
        _text("mode", 8),
        _text("kind", 16),
        _text("entity_id", 240),
        _text("account_id", 64),
        _moment("effective_at"),
        _moment("known_at"),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.CheckConstraint("kind IN ('EXECUTION', 'FLOW')", name=op.f("ck_late_entries_kind")),
        sa.CheckConstraint("booked_on > month", name=op.f("ck_late_entries_booked_later")),
        _refers("late_entries", "fund_id", "funds"),
        _refers("late_entries", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("fund_id", "mode", "kind", "entity_id", name=op.f("pk_late_entries")),
    )
