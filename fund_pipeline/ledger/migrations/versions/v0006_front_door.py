"""Keys of programs; signals that were refused although their sender was accepted; resends of stored ones."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WAYS_IN = "('webhook', 'hook', 'mongodb', 'replay')"
APPEND_ONLY = ("refused_signals", "signal_resends")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_table(
        "refused_signals",
        sa.Column("refused_id", sa.String(length=64), nullable=False),
        sa.Column("sender_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("problem", Json, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("way_in", sa.String(length=16), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.CheckConstraint(f"way_in IN {WAYS_IN}", name=op.f("ck_refused_signals_way_in")),
        sa.PrimaryKeyConstraint("refused_id", name=op.f("pk_refused_signals")),
    )
    op.create_index("ix_refused_signals_received_at", "refused_signals", ["received_at"], unique=False)
    op.create_table(
        "signal_resends",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("signal_id", sa.String(length=64), nullable=False),
        sa.Column("way_in", sa.String(length=16), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.CheckConstraint(f"way_in IN {WAYS_IN}", name=op.f("ck_signal_resends_way_in")),
        sa.ForeignKeyConstraint(["signal_id"], ["raw_signals.signal_id"], name=op.f("fk_signal_resends_signal_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_signal_resends")),
    )
    op.create_index("ix_signal_resends_received_at", "signal_resends", ["received_at"], unique=False)
    for table in APPEND_ONLY:
        refuse_changes(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        allow_changes(table)
    for table in ("signal_resends", "refused_signals", "api_keys"):
        op.drop_table(table)
