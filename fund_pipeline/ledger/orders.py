"""Orders in the ledger: finding them, and adding them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.bulk import insert_rows
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import OrderRow, OrderState, OrderTransition
from fund_pipeline.terms import AssetClass, OrderRole, OrderType, Side

CHUNK = 500
_ENUMS: Mapping[str, type[StrEnum]] = {
    "role": OrderRole,
    "state": OrderState,
    "asset_class": AssetClass,
    "side": Side,
    "order_type": OrderType,
}
_COLUMNS = tuple(one.name for one in fields(OrderRow))


def get_order(ledger: Ledger, client_order_id: str) -> tuple[OrderRow, tuple[OrderTransition, ...]]:
    """An order as it stands, and its changes of state in order. NotFoundError."""
    steps = tables.order_transitions
    with ledger_away(), ledger.reading() as connection:
        order = read_order(connection, client_order_id)
        if order is None:
            raise NotFoundError(f"there is no order {client_order_id!r}", remedy="run `fund orders list`")
        query = select(steps).where(steps.c.client_order_id == client_order_id).order_by(steps.c.number)
        return order, tuple(_transition(row) for row in connection.execute(query).mappings())


def list_orders(
    ledger: Ledger,
    *,
    state: OrderState | None = None,
    strategy: str | None = None,
    account_id: str | None = None,
    signal_id: str | None = None,
    newest: int = 100,
) -> tuple[OrderRow, ...]:
    """Orders, newest first: in a state, of a strategy, account or signal, at most so many."""
    table = tables.orders
    query = select(table).order_by(table.c.created_at.desc(), table.c.client_order_id).limit(newest)
    wanted = {
        table.c.state: state,
        table.c.strategy: strategy,
        table.c.account_id: account_id,
        table.c.signal_id: signal_id,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    with ledger_away(), ledger.reading() as connection:
        return tuple(order_of(row) for row in connection.execute(query).mappings())


def live_orders(
    ledger: Ledger,
    account_id: str | None = None,
    *,
    only: Collection[str] | None = None,
    state: OrderState | None = None,
) -> tuple[OrderRow, ...]:
    """Orders that have not ended, oldest first: of all accounts or one, in any state or one; `only` those ids."""
    table = tables.orders
    query = select(table).where(tables.ORDER_IS_LIVE)
    if account_id is not None:
        query = query.where(table.c.account_id == account_id)
    if state is not None:
        query = query.where(table.c.state == state.value)
    with ledger_away(), ledger.reading() as connection:
        found = [order_of(row) for row in connection.execute(query).mappings()]
    wanted = found if only is None else [order for order in found if order.client_order_id in only]
    return tuple(sorted(wanted, key=by_age))


def orders_by_id(ledger: Ledger, client_order_ids: Iterable[str]) -> dict[str, OrderRow]:
    """Orders by their ids, ended ones too; what is not there is left out."""
    with ledger_away(), ledger.reading() as connection:
        found = read_orders(connection, tables.orders.c.client_order_id, sorted(set(client_order_ids)))
    return {order.client_order_id: order for order in found}


def entries_cancelled_for(ledger: Ledger, reason: str, client_order_ids: Iterable[str]) -> tuple[OrderRow, ...]:
    """Those of these orders that are entries, and were to be cancelled for that reason; oldest first."""
    table, names = tables.orders, sorted(set(client_order_ids))
    wanted = (table.c.role == OrderRole.ENTRY.value) & (table.c.cancel_for == reason)
    found: list[OrderRow] = []
    with ledger_away(), ledger.reading() as connection:
        for start in range(0, len(names), CHUNK):
            query = select(table).where(table.c.client_order_id.in_(names[start : start + CHUNK]), wanted)
            found += [order_of(row) for row in connection.execute(query).mappings()]
    return tuple(sorted(found, key=by_age))


def exits_after(ledger: Ledger, entry: OrderRow) -> tuple[tuple[OrderRow, ...], ...]:
    """All attempts, in their order, of each exit that waits or waited for an entry to be dead."""
    table = tables.orders
    query = select(table).where(
        table.c.account_id == entry.account_id,
        table.c.instrument_key == entry.instrument_key,
        table.c.strategy == entry.strategy,
        table.c.role == OrderRole.EXIT.value,
        table.c.created_at >= entry.created_at,
    )
    with ledger_away(), ledger.reading() as connection:
        found = [order_of(row) for row in connection.execute(query).mappings()]
    waiting = [one for one in found if entry.client_order_id in one.waits_for]
    attempts = ([one for one in found if one.legged == first.legged] for first in sorted(waiting, key=by_age))
    return tuple(tuple(sorted(one, key=lambda order: order.attempt)) for one in attempts)


def insert_orders(connection: Connection, orders: Sequence[OrderRow]) -> None:
    """Add orders within the caller's transaction."""
    rows = [as_row({name: getattr(order, name) for name in _COLUMNS}) for order in orders]
    insert_rows(connection, tables.orders, rows)


def read_order(connection: Connection, client_order_id: str, *, lock: bool = False) -> OrderRow | None:
    """One order within the caller's transaction, held against changes by others if `lock`."""
    query = select(tables.orders).where(tables.orders.c.client_order_id == client_order_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return None if row is None else order_of(row)


def read_live_attempt(connection: Connection, order: OrderRow) -> OrderRow | None:
    """The attempt that lives of what an order was an attempt at, held; None where none does."""
    table = tables.orders
    same = (table.c.signal_id == order.signal_id) & (table.c.leg == order.leg) & (table.c.role == order.role.value)
    query = select(table).where(same, table.c.account_id == order.account_id, tables.ORDER_IS_LIVE).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else order_of(row)


def read_orders(
    connection: Connection, column: ColumnElement[str], values: Sequence[str], *, lock: bool = False
) -> list[OrderRow]:
    """Orders whose `column` is one of `values`, oldest first, within the caller's transaction; held if `lock`."""
    found = []
    for start in range(0, len(values), CHUNK):
        query = select(tables.orders).where(column.in_(values[start : start + CHUNK]))
        query = query.order_by(tables.orders.c.client_order_id).with_for_update() if lock else query
        found += [order_of(row) for row in connection.execute(query).mappings()]
    return sorted(found, key=by_age)


def by_age(order: OrderRow) -> tuple[datetime, str]:
    """What puts orders in the order in which they were made."""
    return (order.created_at, order.client_order_id)


def as_row(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of an order as its row has them."""
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def order_of(row: RowMapping) -> OrderRow:
    """The order in a row."""
    values = {name: row[name] for name in _COLUMNS}
    values["waits_for"] = tuple(row["waits_for"])
    return OrderRow(**values | {name: kind(row[name]) for name, kind in _ENUMS.items()})


def _transition(row: RowMapping) -> OrderTransition:
    values = {name: row[name] for name in OrderTransition.__dataclass_fields__}
    return OrderTransition(**values | {"before": OrderState(row["before"]), "after": OrderState(row["after"])})
