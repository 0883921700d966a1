"""The senders' own books in the ledger: what their signals sum to, in their units, whatever we made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, RowMapping, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.bulk import insert_rows, update_rows
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import SenderEntry
from fund_pipeline.terms import Side

CHUNK = 500


def open_entries(ledger: Ledger, strategies: Collection[str]) -> tuple[SenderEntry, ...]:
    """What the senders of these strategies have not closed, oldest first."""
    if not strategies:
        return ()
    table = tables.sender_entries
    query = (
        select(table)
        .where(table.c.strategy.in_(sorted(strategies)), tables.ENTRY_IS_OPEN)
        .order_by(table.c.at, table.c.signal_id, table.c.leg)
    )
    with ledger_away(), ledger.reading() as connection:
        return tuple(_entry(row) for row in connection.execute(query).mappings())


def write_entries(connection: Connection, entries: Iterable[SenderEntry]) -> None:
    """Put entries as they now are, within the transaction that records why. Of one given twice, the last is meant."""
    table = tables.sender_entries
    newest = {(entry.signal_id, entry.leg): entry for entry in entries}
    held = _held(connection, sorted({signal_id for signal_id, _ in newest}))
    changed = [
        {"signal_id": entry.signal_id, "leg": entry.leg, "remaining": entry.remaining}
        for key, entry in newest.items()
        if key in held
    ]
    added = [
        {name: getattr(entry, name) for name in SenderEntry.__dataclass_fields__} | {"side": entry.side.value}
        for key, entry in newest.items()
        if key not in held
    ]
    update_rows(connection, table, ["signal_id", "leg"], changed)
    insert_rows(connection, table, added)


def _held(connection: Connection, signal_ids: Sequence[str]) -> set[tuple[str, int]]:
    """Signal and leg of what is there of these signals."""
    table, found = tables.sender_entries, set()
    for start in range(0, len(signal_ids), CHUNK):
        query = select(table.c.signal_id, table.c.leg).where(table.c.signal_id.in_(signal_ids[start : start + CHUNK]))
        found |= {(row[0], row[1]) for row in connection.execute(query)}
    return found


def _entry(row: RowMapping) -> SenderEntry:
    fields = {name: row[name] for name in SenderEntry.__dataclass_fields__}
    return SenderEntry(**fields | {"side": Side(row["side"])})
