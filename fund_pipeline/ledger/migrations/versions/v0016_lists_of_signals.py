"""Indexes for lists of signals: all of them, a sender's, and those of a sender that were refused, newest first."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_signals_received_at", "signals", ["received_at", "signal_id"], unique=False)
    op.create_index("ix_signals_sender", "signals", ["sender_id", "received_at"], unique=False)
    op.create_index("ix_refused_signals_sender", "refused_signals", ["sender_id", "received_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_refused_signals_sender", table_name="refused_signals")
    op.drop_index("ix_signals_sender", table_name="signals")
    op.drop_index("ix_signals_received_at", table_name="signals")
