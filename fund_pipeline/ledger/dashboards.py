"""Published marts in the ledger: a build is there whole or not at all, and the last few are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, func, insert, select

from fund_pipeline.errors import ConflictError, InvariantError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.bulk import insert_rows
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away

KEPT = 5
"""Builds that are kept, the newest included: enough to see what a page showed a while ago."""

PREFIX = "dashboard_"
_BUILD = "build_id"
_CHUNK = 1000

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Build:
    """One publication.

    Attributes
    ----------
    build_id : of the build that it came from.
    schema : of the marts.
    as_of : the moment (UTC) at which the ledger was as the rows tell.
    built_at : when it was published (UTC).
    rows : rows by mart.
    """

    build_id: str
    schema: int
    as_of: datetime
    built_at: datetime
    rows: Mapping[str, int] = field(default_factory=dict)


@cache
def columns_of(mart: str) -> tuple[str, ...]:
    """The columns that a mart is published with, in order. InvariantError where there is no such mart."""
    return tuple(column.name for column in _table(mart).columns if column.name != _BUILD)


def key_of(mart: str) -> tuple[str, ...]:
    """The columns that tell the rows of a mart apart, within one build."""
    return tuple(column.name for column in _table(mart).primary_key.columns if column.name != _BUILD)


def published_marts() -> tuple[str, ...]:
    """The names of all marts that are published."""
    names = (name for name in tables.metadata.tables if name.startswith(PREFIX))
    return tuple(sorted(name.removeprefix(PREFIX) for name in names if name != tables.dashboard_builds.name))


def publish(ledger: Ledger, build: Build, marts: Mapping[str, Sequence[Row]]) -> None:
    """Publish a build, and forget the oldest, all in one transaction. Readers see the former one until it ends.

    ConflictError when that build was published before; InvariantError for a mart or column that has no place.
    """
    with ledger_away(), ledger.writing() as connection:
        known = tables.dashboard_builds
        if connection.execute(select(known.c.build_id).where(known.c.build_id == build.build_id)).first() is not None:
            raise ConflictError(f"build {build.build_id} is published already", remedy="make a new one")
        number = (connection.execute(select(func.max(known.c.sequence))).scalar() or 0) + 1
        rows = {mart: len(found) for mart, found in marts.items()}
        values = {name: getattr(build, name) for name in ("build_id", "schema", "as_of", "built_at")}
        connection.execute(insert(known).values(values | {"sequence": number, "rows": rows}))
        for mart, found in marts.items():
            _insert(connection, mart, build.build_id, found)
        _prune(connection, number - KEPT)


def newest_build(ledger: Ledger) -> Build | None:
    """The build that pages show; None before the first."""
    with ledger_away(), ledger.reading() as connection:
        return _newest(connection)


Published = tuple[Build, Mapping[str, tuple[Row, ...]]]


def read_published(ledger: Ledger, marts: Sequence[str], owner_column: str, owner: str) -> Published | None:
    """The newest build's rows of one owner in some marts, all of the same build; None before the first build.

    InvariantError for a mart that has no such owner column.
    """
    for mart in marts:
        if owner_column not in _table(mart).c:
            raise InvariantError(f"the mart {mart} says of no row whose it is by {owner_column}")
    return _read(ledger, marts, {owner_column: owner})


def read_everybodys(ledger: Ledger, marts: Sequence[str]) -> Published | None:
    """The newest build's rows in some marts, whoever's they are: for admins alone; None before the first build."""
    return _read(ledger, marts, {})


def _read(ledger: Ledger, marts: Sequence[str], of: Mapping[str, str]) -> Published | None:
    with ledger_away(), ledger.reading() as connection:
        build = _newest(connection)
        if build is None:
            return None
        asked = {_BUILD: build.build_id, **of}
        return build, {mart: _rows(connection, mart, asked) for mart in marts}


def _rows(connection: Connection, mart: str, asked: Mapping[str, str]) -> tuple[Row, ...]:
    names = columns_of(mart)
    found = connection.execute(_query(mart, tuple(asked)), asked).all()
    return tuple(dict(zip(names, row, strict=True)) for row in found)


@cache
def _query(mart: str, asked: tuple[str, ...]) -> Select[Any]:
    """A mart's rows where some columns are as asked, in the order of its key. Made once: pages ask over and over."""
    columns = _table(mart).c
    return (
        select(*(columns[name] for name in columns_of(mart)))
        .where(*(columns[name] == bindparam(name) for name in asked))
        .order_by(*(columns[name] for name in key_of(mart)))
    )


def owners(ledger: Ledger, mart: str, owner_column: str) -> tuple[str, ...]:
    """Whose rows the newest build has in a mart, in order."""
    with ledger_away(), ledger.reading() as connection:
        build, table = _newest(connection), _table(mart)
        if build is None:
            return ()
        column = table.c[owner_column]
        query = select(column).where(table.c.build_id == build.build_id).distinct().order_by(column)
        return tuple(connection.execute(query).scalars())


def _newest(connection: Connection) -> Build | None:
    table = tables.dashboard_builds
    row = connection.execute(select(table).order_by(table.c.sequence.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Build(**{name: row[name] for name in Build.__dataclass_fields__})


def _insert(connection: Connection, mart: str, build_id: str, rows: Sequence[Row]) -> None:
    expected = set(columns_of(mart))
    for row in rows[:1]:
        if row.keys() != expected:
            odd = ", ".join(sorted(row.keys() ^ expected))
            raise InvariantError(f"the mart {mart} and its table differ in: {odd}", remedy="add a migration")
    for start in range(0, len(rows), _CHUNK):
        chunk = [{_BUILD: build_id, **row} for row in rows[start : start + _CHUNK]]
        insert_rows(connection, _table(mart), chunk)


def _prune(connection: Connection, last: int) -> None:
    known = tables.dashboard_builds
    old = select(known.c.build_id).where(known.c.sequence <= last)
    for table in tables.metadata.tables.values():
        if table.name.startswith(PREFIX) and table is not known:
            connection.execute(delete(table).where(table.c.build_id.in_(old)))
    connection.execute(delete(known).where(known.c.sequence <= last))


def _table(mart: str) -> Table:
    found = tables.metadata.tables.get(f"{PREFIX}{mart}")
    if found is None or found is tables.dashboard_builds:
        raise InvariantError(f"there is no published mart {mart}")
    return found
