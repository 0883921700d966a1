"""The senders' own books in the ledger: what their signals sum to, in their units, whatever we made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, RowMapping, insert, select, update

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import SenderEntry
from fund_pipeline.terms import Side


def open_entries(ledger: Ledger, strategies: Collection[str]) -> tuple[SenderEntry, ...]:
    """What the senders of these strategies have not closed, oldest first."""
    table = tables.sender_entries
    query = (
        select(table)
        .where(table.c.strategy.in_(sorted(strategies)), tables.ENTRY_IS_OPEN)
        .order_by(table.c.at, table.c.signal_id, table.c.leg)
    )
    with ledger_away(), ledger.reading() as connection:
        return tuple(_entry(row) for row in connection.execute(query).mappings())


def write_entries(connection: Connection, entries: Iterable[SenderEntry]) -> None:
    """Put entries as they now are, within the transaction that records why."""
    table = tables.sender_entries
    for entry in entries:
        key = (table.c.signal_id == entry.signal_id) & (table.c.leg == entry.leg)
        if connection.execute(update(table).where(key).values(remaining=entry.remaining)).rowcount == 0:
            row = {name: getattr(entry, name) for name in SenderEntry.__dataclass_fields__}
            connection.execute(insert(table).values(row | {"side": entry.side.value}))


def _entry(row: RowMapping) -> SenderEntry:
    fields = {name: row[name] for name in SenderEntry.__dataclass_fields__}
    return SenderEntry(**fields | {"side": Side(row["side"])})
