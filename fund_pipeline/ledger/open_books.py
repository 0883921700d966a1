"""What strategies hold and what works for them, as of one moment: an order that fills is in one of the two, once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import LIVE, OrderRow, Position
from fund_pipeline.ledger.orders import read_orders
from fund_pipeline.ledger.positions import position_of

CHUNK = 500


@dataclass(frozen=True)
class OpenBooks:
    """Open positions, and live orders, oldest first.

    Attributes
    ----------
    positions : all of the strategies that were asked for, and those of others in the same instruments.
    orders : of all strategies.
    instruments : those in which the positions of all strategies are here.
    """

    positions: tuple[Position, ...]
    orders: tuple[OrderRow, ...]
    instruments: frozenset[str]


def open_books(ledger: Ledger, strategies: Collection[str], instruments: Iterable[str]) -> OpenBooks:
    """The books of strategies, and all there is in `instruments`, in what these strategies hold and what works."""
    table = tables.positions
    with ledger_away(), ledger.reading() as connection:
        orders = read_orders(connection, tables.orders.c.state, [state.value for state in LIVE])
        mine = select(table).where(table.c.strategy.in_(sorted(strategies)), tables.HOLDS_SOMETHING)
        found = [position_of(row) for row in connection.execute(mine).mappings()]
        keys = {*instruments, *(one.instrument_key for one in found), *(one.instrument_key for one in orders)}
        accounts: list[str] = list(connection.execute(select(tables.accounts.c.account_id)).scalars())
        asked = sorted(keys)
        for start in range(0, len(asked), CHUNK):
            others = select(table).where(
                table.c.account_id.in_(accounts),
                table.c.instrument_key.in_(asked[start : start + CHUNK]),
                table.c.strategy.not_in(sorted(strategies)),
                tables.HOLDS_SOMETHING,
            )
            found += [position_of(row) for row in connection.execute(others).mappings()]
    found.sort(key=lambda one: (one.strategy, one.account_id, one.instrument_key))
    return OpenBooks(tuple(found), tuple(orders), frozenset(keys))
