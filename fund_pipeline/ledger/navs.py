"""Net asset values in the ledger, with each client's figures and what was dealt. An open month may be struck again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, delete, select

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.bulk import insert_rows
from fund_pipeline.ledger.closed_months import newest_closed
from fund_pipeline.ledger.dealing_requests import hold_register
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.nav_model import ClientDay, Dealing, DealingKind, Nav

CHUNK = 20_000


@dataclass(frozen=True)
class NavDay:
    """All that belongs to one NAV, as rows."""

    nav: Nav
    clients: Sequence[dict[str, Any]]
    dealings: Sequence[dict[str, Any]]


def list_navs(
    ledger: Ledger, fund_id: str, mode: TradingMode, *, since: date | None = None, until: date | None = None
) -> tuple[Nav, ...]:
    """NAVs by day: from one day on, up to another, both in it."""
    with ledger_away(), ledger.reading() as connection:
        rows = connection.execute(_of_days(tables.navs, fund_id, mode, since, until)).mappings().all()
    return tuple(_nav(row) for row in rows)


def newest_nav(ledger: Ledger, fund_id: str, mode: TradingMode, until: date | None = None) -> Nav | None:
    """The newest NAV, or the newest up to a day; None before the first."""
    table = tables.navs
    query = select(table).where(_register(table, fund_id, mode))
    if until is not None:
        query = query.where(table.c.day <= until)
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(query.order_by(table.c.day.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else _nav(row)


def list_client_days(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    *,
    client_id: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> tuple[ClientDay, ...]:
    """What clients' units were worth, by day and client; of one client, from a day on, up to one."""
    table = tables.client_days
    query = _of_days(table, fund_id, mode, since, until).order_by(table.c.client_id)
    if client_id is not None:
        query = query.where(table.c.client_id == client_id)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_client_day(row) for row in connection.execute(query).mappings())


def list_dealings(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    *,
    client_id: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> tuple[Dealing, ...]:
    """What changed clients' units, in order."""
    table = tables.dealings
    query = _of_days(table, fund_id, mode, since, until).order_by(table.c.number)
    if client_id is not None:
        query = query.where(table.c.client_id == client_id)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_dealing(row) for row in connection.execute(query).mappings())


def write_navs(ledger: Ledger, fund_id: str, mode: TradingMode, days: Sequence[NavDay], rest: str, act: Act) -> None:
    """Put NAVs of days that follow each other in place of what is there from the first of them on, audited.

    `rest` is the digest of the NAV before them, from which they were reckoned; empty for none. ConflictError when that
    is another by now, a request was taken back meanwhile, or the first day's month is closed.
    """
    if not days:
        return
    first = days[0].nav.day
    with ledger_away(), ledger.writing() as connection:
        hold_register(connection, fund_id)
        _refuse_closed(connection, fund_id, mode, first)
        if _digest_before(connection, fund_id, mode, first) != rest:
            raise ConflictError(
                f"the NAVs of fund {fund_id} before {first} were struck by somebody else at the same time",
                remedy="strike again",
            )
        _refuse_cancelled(connection, days)
        for table in (tables.dealings, tables.client_days, tables.navs):
            connection.execute(delete(table).where(_register(table, fund_id, mode), table.c.day >= first))
        _insert(connection, tables.navs, [_values(one.nav) for one in days])
        _insert(connection, tables.client_days, (row for one in days for row in one.clients))
        _insert(connection, tables.dealings, (row for one in days for row in one.dealings))
        last = days[-1].nav
        detail = {
            "mode": mode.value,
            "first": first.isoformat(),
            "last": last.day.isoformat(),
            "days": len(days),
            "nav": str(last.nav),
            "units": str(last.units),
            "is_final": last.is_final,
            "digest": last.digest,
        }
        audit.record(connection, act, "nav_struck", "nav", fund_id, detail)


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == CHUNK:
            insert_rows(connection, table, waiting)
            waiting = []
    insert_rows(connection, table, waiting)


def _refuse_closed(connection: Connection, fund_id: str, mode: TradingMode, day: date) -> None:
    closed = newest_closed(connection, fund_id, mode)
    if closed is not None and day.replace(day=1) <= closed:
        raise ConflictError(
            f"day is {day}: its month is closed for fund {fund_id}, {mode.value}",
            remedy="what was found out since is booked into the open month: strike a day of that",
        )


def _refuse_cancelled(connection: Connection, days: Sequence[NavDay]) -> None:
    table = tables.dealing_requests
    query = select(table.c.request_id).where(table.c.cancelled_at.is_not(None))
    cancelled: set[str] = set(connection.execute(query).scalars())
    dealt = {row["request_id"] for one in days for row in one.dealings}
    if taken := sorted(cancelled & dealt):
        raise ConflictError(f"request {taken[0]} was taken back at the same time", remedy="strike again")


def _digest_before(connection: Connection, fund_id: str, mode: TradingMode, day: date) -> str:
    table = tables.navs
    query = select(table.c.digest).where(_register(table, fund_id, mode), table.c.day < day)
    return connection.execute(query.order_by(table.c.day.desc()).limit(1)).scalar() or ""


def _register(table: Table, fund_id: str, mode: TradingMode) -> ColumnElement[bool]:
    return (table.c.fund_id == fund_id) & (table.c.mode == mode.value)


def _of_days(table: Table, fund_id: str, mode: TradingMode, since: date | None, until: date | None) -> Any:
    query = select(table).where(_register(table, fund_id, mode)).order_by(table.c.day)
    if since is not None:
        query = query.where(table.c.day >= since)
    return query if until is None else query.where(table.c.day <= until)


def _values(nav: Nav) -> dict[str, Any]:
    return {name: getattr(nav, name) for name in Nav.__dataclass_fields__} | {"mode": nav.mode.value}


def _nav(row: RowMapping) -> Nav:
    return Nav(**{name: row[name] for name in Nav.__dataclass_fields__} | {"mode": TradingMode(row["mode"])})


def _client_day(row: RowMapping) -> ClientDay:
    values = {name: row[name] for name in ClientDay.__dataclass_fields__}
    return ClientDay(**values | {"mode": TradingMode(row["mode"])})


def _dealing(row: RowMapping) -> Dealing:
    values = {name: row[name] for name in Dealing.__dataclass_fields__}
    return Dealing(**values | {"mode": TradingMode(row["mode"]), "kind": DealingKind(row["kind"])})
