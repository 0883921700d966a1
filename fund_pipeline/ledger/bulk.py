"""Many rows in one statement. PostgreSQL takes them as one text of JSON: thousands of values are not parsed as SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Date,
    Insert,
    Table,
    TableValuedAlias,
    Text,
    Update,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

Row = dict[str, Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows of the same columns, in the caller's transaction; none for none.

    StatementError for a value that its column does not take, as with any other insert; InvariantError for rows of
    different columns.
    """
    if not rows:
        return
    names = rows[0].keys()
    if any(row.keys() != names for row in rows):
        raise InvariantError(f"rows for {table.name} do not all have the same columns")
    if connection.dialect.name == "postgresql":
        connection.execute(_from_json(table, tuple(names)), {"rows": rows})
    else:
        connection.execute(insert(table), rows)


def update_rows(connection: Connection, table: Table, keys: Sequence[str], rows: Iterable[Row]) -> None:
    """Set in the row that has a row's `keys` its other columns, which may be others for each; each row once.

    StatementError for a value that its column does not take.
    """
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    for names, some in alike.items():
        if connection.dialect.name == "postgresql":
            connection.execute(_set_from_json(table, tuple(keys), names), {"rows": some})
        else:
            connection.execute(_set(table, tuple(keys)), [_telling_keys(row, keys) for row in some])


def _telling_keys(row: Row, keys: Sequence[str]) -> Row:
    return {f"of_{name}" if name in keys else name: value for name, value in row.items()}


class _JsonRows(TypeDecorator[Sequence[Row]]):
    """Rows as text, each value as its column's own type has it."""

    impl = Text
    cache_ok = True

    def __init__(self, table: Table) -> None:
        """`table` is where the rows will be."""
        super().__init__()
        self.table = table

    def process_bind_param(self, value: Sequence[Row] | None, dialect: Dialect) -> str:
        """The text of all rows."""
        texts = {column.name: text for column in self.table.columns if (text := _text_of(column.type, dialect))}
        rows = [{name: texts[name](one) if name in texts else one for name, one in row.items()} for row in value or ()]
        return json.dumps(rows, allow_nan=False)


def _text_of(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], str | None] | None:
    """How a column's values become text; None for those that JSON has itself."""
    if isinstance(kind, ExactDecimal | UtcDateTime):
        checked = kind.process_bind_param
        return lambda one: None if one is None else str(checked(one, dialect))
    return (lambda one: None if one is None else str(one)) if isinstance(kind, Date) else None


# Statements are made once: making one takes longer than carrying it out.


@lru_cache
def _from_json(table: Table, names: tuple[str, ...]) -> Insert:
    found = _found(table, names)
    return insert(table).from_select([table.c[name] for name in names], select(*(found.c[name] for name in names)))


@lru_cache
def _set_from_json(table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> Update:
    found = _found(table, names)
    is_one = and_(*(table.c[key] == found.c[key] for key in keys))
    return update(table).where(is_one).values({name: found.c[name] for name in names if name not in keys})


@lru_cache
def _set(table: Table, keys: tuple[str, ...]) -> Update:
    """It sets what its parameters name."""
    return update(table).where(*(table.c[key] == bindparam(f"of_{key}") for key in keys))


def _found(table: Table, names: Sequence[str]) -> TableValuedAlias:
    """The rows in the one parameter, as a table."""
    texts = cast(bindparam("rows", type_=_JsonRows(table)), JSON)
    rows = func.json_populate_recordset(literal_column(f"NULL::{table.name}"), texts)
    return rows.table_valued(*(table.c[name] for name in names), name="found")
