"""Positions in the ledger: what executions sum to, by strategy, account and instrument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, func, insert, select, update

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import Position
from fund_pipeline.lots import Lot


def list_positions(
    ledger: Ledger,
    *,
    strategy: str | None = None,
    account_id: str | None = None,
    instrument_key: str | None = None,
    only_open: bool = True,
) -> tuple[Position, ...]:
    """Positions, by strategy, account and instrument; flat ones, which keep their realised PnL, if not `only_open`."""
    with ledger_away(), ledger.reading() as connection:
        return read_positions(
            connection, strategy=strategy, account_id=account_id, instrument_key=instrument_key, only_open=only_open
        )


def newest_positions(ledger: Ledger, newest: int) -> tuple[Position, ...]:
    """So many positions: the open ones that changed last, then flat ones."""
    table = tables.positions
    query = select(table).order_by(table.c.is_flat, table.c.updated_at.desc()).limit(newest)
    with ledger_away(), ledger.reading() as connection:
        return tuple(position_of(row) for row in connection.execute(query).mappings())


def count_open_positions(ledger: Ledger) -> tuple[int, datetime | None]:
    """How many are open, and when any position changed last; None where there is none."""
    table = tables.positions
    held = select(func.count()).select_from(table).where(tables.HOLDS_SOMETHING)
    with ledger_away(), ledger.reading() as connection:
        changed: datetime | None = connection.execute(select(func.max(table.c.updated_at))).scalar()
        return int(connection.execute(held).scalar_one()), changed


def position_currencies(ledger: Ledger) -> dict[str, set[str]]:
    """By account, the currencies that its positions are in, flat ones too."""
    table = tables.positions
    found: dict[str, set[str]] = {}
    with ledger_away(), ledger.reading() as connection:
        rows: Iterable[Any] = connection.execute(select(table.c.account_id, table.c.currency).distinct())
        for account_id, currency in rows:
            found.setdefault(account_id, set()).add(currency)
    return found


def read_positions(
    connection: Connection,
    *,
    strategy: str | None = None,
    account_id: str | None = None,
    instrument_key: str | None = None,
    only_open: bool = True,
) -> tuple[Position, ...]:
    """The same within a transaction of the caller's."""
    table = tables.positions
    query = select(table).order_by(table.c.strategy, table.c.account_id, table.c.instrument_key)
    wanted = {table.c.strategy: strategy, table.c.account_id: account_id, table.c.instrument_key: instrument_key}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if only_open:
        query = query.where(tables.HOLDS_SOMETHING)
    return tuple(position_of(row) for row in connection.execute(query).mappings())


def read_position(connection: Connection, book: tuple[str, str, str]) -> Position | None:
    """One position (strategy, account, instrument) within the caller's transaction; None where there never was one."""
    row = connection.execute(_ONE, _key(book)).mappings().one_or_none()
    return None if row is None else position_of(row)


def write_position(connection: Connection, position: Position) -> None:
    """Put a position as it now is. The caller holds its account (`lock_account`)."""
    lots = [[one.signal_id, one.leg, f"{one.quantity:f}"] for one in position.lots]
    values = vars(position) | {"is_flat": position.is_flat, "lots": lots}
    if connection.execute(_CHANGE, {**values, **_key(position.book)}).rowcount == 0:
        connection.execute(insert(tables.positions), values)


def lock_account(connection: Connection, account_id: str) -> None:
    """Hold an account's books until the transaction ends. SQLite's write transactions follow one another anyway."""
    table = tables.accounts
    query = select(table.c.account_id).where(table.c.account_id == account_id).with_for_update(key_share=True)
    connection.execute(query).one()


_OF = ("strategy", "account_id", "instrument_key")
_IS_OF = and_(*(tables.positions.c[name] == bindparam(f"of_{name}") for name in _OF))
_ONE, _CHANGE = select(tables.positions).where(_IS_OF), update(tables.positions).where(_IS_OF)
"""Made once: making a statement takes longer than carrying it out."""


def _key(book: tuple[str, str, str]) -> Mapping[str, str]:
    return {f"of_{name}": value for name, value in zip(_OF, book, strict=True)}


def position_of(row: RowMapping) -> Position:
    """The position in a row."""
    values = {name: row[name] for name in Position.__dataclass_fields__}
    lots = tuple(Lot(signal_id, leg, Decimal(quantity)) for signal_id, leg, quantity in row["lots"])
    return Position(**values | {"lots": lots})
