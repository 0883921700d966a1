"""What an account is used for at this moment: positions that are open, orders that may still fill."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import tables

NAMED = 3
"""So many instruments are named in a refusal."""


def refuse_in_use(connection: Connection, account_id: str, done: str) -> None:
    """Raise ConflictError with open positions or live orders in an account, which is not to be `done` then."""
    positions, orders = tables.positions, tables.orders
    mine = select(positions.c.instrument_key).where(positions.c.account_id == account_id, tables.HOLDS_SOMETHING)
    by_key = mine.distinct().order_by(positions.c.instrument_key).limit(NAMED + 1)
    held: Sequence[str] = connection.execute(by_key).scalars().all()
    if held:
        more = " and more" if len(held) > NAMED else ""
        raise ConflictError(
            f"account {account_id} cannot be {done}: it holds {', '.join(held[:NAMED])}{more}",
            remedy="exit its positions first",
        )
    alive = select(func.count()).select_from(orders).where(orders.c.account_id == account_id, tables.ORDER_IS_LIVE)
    if count := connection.execute(alive).scalar_one():
        raise ConflictError(
            f"account {account_id} cannot be {done}: {count} of its orders may still fill",
            remedy="cancel them, and wait for the broker's word",
        )
