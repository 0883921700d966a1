"""What each entry's fills hold of a position, and what an exit closes of them."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.types import ExactDecimal, Json

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("close_base", ExactDecimal(), nullable=True))
    op.add_column("orders", sa.Column("closes_entry", sa.String(length=64), nullable=True))
    op.add_column("orders", sa.Column("closes_others", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("positions", sa.Column("lots", Json, nullable=False, server_default=sa.text("'[]'")))
    _one_lot_each()


def _one_lot_each() -> None:
    """What is open already is one lot of the signal that opened it: which entry filled how much was not kept."""
    positions = sa.table(
        "positions",
        sa.column("strategy"),
        sa.column("account_id"),
        sa.column("instrument_key"),
        sa.column("quantity", ExactDecimal()),
        sa.column("opened_by"),
        sa.column("is_flat", sa.Boolean()),
        sa.column("lots", Json),
    )
    bind = op.get_bind()
    key = (positions.c.strategy, positions.c.account_id, positions.c.instrument_key)
    held = sa.select(*key, positions.c.quantity, positions.c.opened_by).where(sa.not_(positions.c.is_flat))
    rows: Iterable[Any] = bind.execute(held).all()
    for *book, quantity, opened_by in rows:
        lots = [[opened_by, 0, f"{abs(quantity):f}"]]
        same = sa.and_(*(column == value for column, value in zip(key, book, strict=True)))
        bind.execute(sa.update(positions).where(same).values(lots=lots))


def downgrade() -> None:
    op.drop_column("positions", "lots")
    op.drop_column("orders", "closes_others")
    op.drop_column("orders", "closes_entry")
    op.drop_column("orders", "close_base")
