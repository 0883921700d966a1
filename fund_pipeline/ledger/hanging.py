"""What refers to a row: found by the foreign keys themselves, so that a table of tomorrow is not forgotten."""

from __future__ import annotations

from sqlalchemy import Connection, Table, exists, or_, select

from fund_pipeline.ledger import tables


def hanging_on(connection: Connection, parent: Table, key: str) -> tuple[str, ...]:
    """Names of the tables with a row that refers to the row of `parent` with this primary key, by name."""
    found = []
    for table in tables.metadata.sorted_tables:
        refers = [fk.parent == key for fk in table.foreign_keys if fk.column.table is parent]
        if refers and connection.execute(select(exists().where(or_(*refers)))).scalar_one():
            found.append(table.name)
    return tuple(sorted(found))
