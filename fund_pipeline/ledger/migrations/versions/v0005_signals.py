"""Senders with their passphrases; the inbox of raw signals, append-only; signals and their changes of state."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATES = "('RECEIVED', 'STANDARDISED', 'QUARANTINED', 'REJECTED', 'CLAIMED', 'DECIDED')"
WAYS_IN = "('webhook', 'hook', 'mongodb', 'replay')"
APPEND_ONLY = ("raw_signals", "signal_transitions")


def upgrade() -> None:
    _create_senders()
    _create_raw_signals()
    _create_signals()
    for table in APPEND_ONLY:
        refuse_changes(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        allow_changes(table)
    for table in ("signal_transitions", "signals", "raw_signals", "sender_passphrases", "senders"):
        op.drop_table(table)


def _create_senders() -> None:
    op.create_table(
        "senders",
        sa.Column("sender_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("allowed_networks", Json, nullable=False),
        sa.Column("hmac_secret", sa.Text(), nullable=True),
        sa.Column("options", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('ACTIVE', 'DISABLED')", name=op.f("ck_senders_status")),
        sa.PrimaryKeyConstraint("sender_id", name=op.f("pk_senders")),
    )
    op.create_table(
        "sender_passphrases",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sender_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sender_id"], ["senders.sender_id"], name=op.f("fk_sender_passphrases_sender_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sender_passphrases")),
    )
    op.create_index("ix_sender_passphrases_sender_id", "sender_passphrases", ["sender_id"], unique=False)


def _create_raw_signals() -> None:
    op.create_table(
        "raw_signals",
        sa.Column("signal_id", sa.String(length=64), nullable=False),
        sa.Column("sender_id", sa.String(length=64), nullable=False),
        sa.Column("strategy", sa.String(length=200), nullable=False),
        sa.Column("sender_signal_id", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hook_digest", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("headers", Json, nullable=False),
        sa.Column("way_in", sa.String(length=16), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("repeats", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"way_in IN {WAYS_IN}", name=op.f("ck_raw_signals_way_in")),
        sa.PrimaryKeyConstraint("signal_id", name=op.f("pk_raw_signals")),
        sa.UniqueConstraint("strategy", "sender_signal_id", "digest", name=op.f("uq_raw_signals_strategy")),
    )
    key = ["strategy", "sender_signal_id"]
    once = sa.text("NOT repeats")
    op.create_index(
        "uq_raw_signals_one_per_id", "raw_signals", key, unique=True, sqlite_where=once, postgresql_where=once
    )
    op.create_index("ix_raw_signals_hook", "raw_signals", [*key, "hook_digest"], unique=False)


def _create_signals() -> None:
    op.create_table(
        "signals",
        sa.Column("signal_id", sa.String(length=64), nullable=False),
        sa.Column("sender_id", sa.String(length=64), nullable=False),
        sa.Column("strategy", sa.String(length=200), nullable=False),
        sa.Column("sender_signal_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("problem", Json, nullable=True),
        sa.Column("standardised", Json, nullable=True),
        sa.Column("type", sa.String(length=16), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("environment", sa.String(length=16), nullable=True),
        sa.Column("format", sa.String(length=32), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("supplement", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=128), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_signals_state")),
        sa.ForeignKeyConstraint(["signal_id"], ["raw_signals.signal_id"], name=op.f("fk_signals_signal_id")),
        sa.PrimaryKeyConstraint("signal_id", name=op.f("pk_signals")),
    )
    op.create_index("ix_signals_state", "signals", ["state", "received_at", "signal_id"], unique=False)
    op.create_index("ix_signals_strategy", "signals", ["strategy", "received_at"], unique=False)
    op.create_table(
        "signal_transitions",
        sa.Column("signal_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("problem", Json, nullable=True),
        sa.ForeignKeyConstraint(["signal_id"], ["signals.signal_id"], name=op.f("fk_signal_transitions_signal_id")),
        sa.PrimaryKeyConstraint("signal_id", "number", name=op.f("pk_signal_transitions")),
    )
