"""Tables of the ledger for the warehouse: their columns, and rows as plain values, all in one view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Integer,
    String,
    Text,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

MOMENT_TEXT = "%Y-%m-%d %H:%M:%S%.6f"
"""A moment in UTC, to the microsecond."""

CHUNK = 50_000
"""Rows that are in memory as Python values at once."""


class Kind(StrEnum):
    """What a column holds. A DECIMAL comes as text with all its places, JSON as text, a MOMENT as `MOMENT_TEXT`."""

    TEXT = "TEXT"
    DECIMAL = "DECIMAL"
    MOMENT = "MOMENT"
    DAY = "DAY"
    INTEGER = "INTEGER"
    FLAG = "FLAG"
    JSON = "JSON"


@dataclass(frozen=True)
class Tally:
    """How many rows a table has, and the sum of their revisions; 0 where it counts none."""

    rows: int
    revisions: int


class View:
    """Tables of the ledger as they all were at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tally(self, table: str, revision: str | None) -> Tally:
        """What the table counts. Where rows only come in or raise their revision, equal tallies are equal rows."""
        source = tables.metadata.tables[table]
        revisions: ColumnElement[Any] = literal(0)
        if revision is not None:
            revisions = func.coalesce(func.sum(source.c[revision]), 0)
        found: Any = self._connection.execute(select(func.count(), revisions).select_from(source)).one()
        return Tally(int(found[0]), int(found[1]))

    def rows(
        self, table: str, columns: Sequence[str], since: tuple[str, datetime] | None = None
    ) -> Iterator[Sequence[Sequence[Any]]]:
        """Rows with these columns, in chunks; those only whose moment in a column is at `since` or after."""
        source = tables.metadata.tables[table]
        query = select(*(_plain(source.c[name], self._connection.dialect.name) for name in columns))
        if since is not None:
            query = query.where(source.c[since[0]] >= since[1])
        found = self._connection.execution_options(yield_per=CHUNK).execute(query)
        yield from found.partitions()


@contextmanager
def viewing(ledger: Ledger) -> Iterator[View]:
    """All tables as they are at one moment, for as long as the block lasts."""
    with ledger_away(), ledger.reading() as connection:
        yield View(connection)


def kinds_of(table: str) -> dict[str, Kind]:
    """Every column of a table and what it holds. InvariantError where the ledger has no such table."""
    if table not in tables.metadata.tables:
        raise InvariantError(f"the ledger has no table {table}", remedy="correct the sources of the warehouse")
    return {column.name: _kind(column) for column in tables.metadata.tables[table].columns}


def _plain(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    """Decimals, JSON and moments as their text: exact, and made in a fraction of the time of a value of Python's."""
    kind = _kind(column)
    if kind is Kind.MOMENT and dialect != "sqlite":  # which has moments as this text
        utc = func.timezone("UTC", column, type_=DateTime())
        return func.to_char(utc, "YYYY-MM-DD HH24:MI:SS.US", type_=Text()).label(column.name)
    if kind in (Kind.DECIMAL, Kind.JSON, Kind.MOMENT):
        return cast(column, Text).label(column.name)
    return column


def _kind(column: Column[Any]) -> Kind:
    for types, kind in _KINDS:
        if isinstance(column.type, types):
            return kind
    raise InvariantError(f"the warehouse does not know what {column} holds: {column.type!r}")


_KINDS: tuple[tuple[type[Any] | tuple[type[Any], ...], Kind], ...] = (
    (ExactDecimal, Kind.DECIMAL),
    (UtcDateTime, Kind.MOMENT),
    (Date, Kind.DAY),
    (Boolean, Kind.FLAG),
    (Integer, Kind.INTEGER),
    (String, Kind.TEXT),
    ((type(tables.NullableJson), JSONB), Kind.JSON),
)
