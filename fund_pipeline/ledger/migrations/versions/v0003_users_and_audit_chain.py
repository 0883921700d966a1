"""Users, and an audit log that shows tampering. Decision 10 says why the rows that are there are chained too."""

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import chain
from fund_pipeline.ledger.audit_model import GENESIS
from fund_pipeline.ledger.migrations.audit_triggers import create_triggers, drop_triggers
from fund_pipeline.ledger.model import AuditEntry
from fund_pipeline.ledger.types import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIELDS = tuple(AuditEntry.__dataclass_fields__)


def upgrade() -> None:
    before = _entries("audit_id")
    op.drop_index("ix_audit_entity", "audit")
    op.drop_table("audit")
    _create_audit()
    _chain(before)
    create_triggers()

    op.create_table(
        "users",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("code_failures", Json, nullable=False),
        sa.Column("password_failures", Json, nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('ADMIN', 'SENDER', 'CLIENT', 'QUANT')", name=op.f("ck_users_role")),
        sa.CheckConstraint("status IN ('ACTIVE', 'DISABLED')", name=op.f("ck_users_status")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("spent_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
    )


def downgrade() -> None:
    op.drop_table("recovery_codes")
    op.drop_table("users")

    kept = _entries("sequence")
    drop_triggers()
    op.drop_table("audit_head")
    op.drop_index("ix_audit_at", "audit")
    op.drop_index("ix_audit_entity", "audit")
    op.drop_table("audit")
    plain = op.create_table(
        "audit",
        sa.Column("audit_id", sa.Integer(), autoincrement=True, nullable=False),
        *_entry_columns(),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_entity", "audit", ["entity", "entity_id"], unique=False)
    if kept:
        op.bulk_insert(plain, [entry.__dict__ for entry in kept])


def _entry_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.String(length=128), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
    ]


def _entries(order: str) -> list[AuditEntry]:
    audit = sa.table("audit", sa.column(order), *_entry_columns())
    query = sa.select(*(audit.c[name] for name in FIELDS)).order_by(audit.c[order])
    return [AuditEntry(**row) for row in op.get_bind().execute(query).mappings()]


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", SEQUENCE, autoincrement=False, nullable=False),
        *_entry_columns(),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_entity", "audit", ["entity", "entity_id"], unique=False)
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("only_row", sa.Boolean(), nullable=False),
        sa.Column("sequence", SEQUENCE, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("only_row", name=op.f("ck_audit_head_only_row")),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_audit_head")),
    )


def _chain(before: list[AuditEntry]) -> None:
    """Chain what is there, and say from where on the rows were chained as they were written."""
    now = utc_now()
    detail = {"rows_before": len(before), "chain": uuid.uuid4().hex}
    begun = AuditEntry(now, "migration:0003", "audit_chain_begun", "audit", "chain", detail, "")
    rows = list(chain.links(context.config.attributes["audit_keys"](), 0, GENESIS, [*before, begun]))
    newest = rows[-1]
    keyed = (sa.column(name, sa.String()) for name in ("key_id", "previous_hash", "hash"))
    audit = sa.table("audit", sa.column("sequence", SEQUENCE), *_entry_columns(), *keyed)
    op.bulk_insert(audit, [chain.columns(row) for row in rows])
    head = sa.table(
        "audit_head",
        sa.column("only_row", sa.Boolean()),
        sa.column("sequence", SEQUENCE),
        sa.column("hash", sa.String()),
        sa.column("key_id", sa.String()),
        sa.column("at", UtcDateTime()),
    )
    values = {"sequence": newest.sequence, "hash": newest.hash, "key_id": newest.key_id, "at": now}
    op.bulk_insert(head, [{"only_row": True, **values}])
