"""Executions in the ledger: each fill once, by the broker's own id, with the position and the order it changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.account_model import Account, Trouble
from fund_pipeline.ledger.accounts import known_account
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.bulk import insert_rows
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import UNATTRIBUTED, Execution, OrderRow, Position
from fund_pipeline.ledger.order_steps import Step, take_steps
from fund_pipeline.ledger.orders import read_orders
from fund_pipeline.ledger.own_entries import AMENDMENTS, amended_id
from fund_pipeline.ledger.positions import lock_account, read_position, write_position
from fund_pipeline.ledger.unstorable import unstorable
from fund_pipeline.terms import Side

CHUNK = 500


@dataclass(frozen=True)
class Booking:
    """What one execution does: the position after it, its order's change, and what a person must hear."""

    position: Position
    step: Step | None
    troubles: tuple[Trouble, ...] = ()


Settle = Callable[[Execution, str | None, OrderRow | None, Position | None], Booking]
Changed = Callable[[Execution, Execution], Trouble]
After = Callable[[Position | None, Execution], Position]


_FACTS = ("instrument_key", "side", "quantity", "price", "commission")
"""What a broker that tells of a fill again must tell alike."""


def book_executions(
    ledger: Ledger, account_id: str, told: Sequence[Execution], settle: Settle, changed: Changed, at: datetime
) -> tuple[Execution, ...]:
    """Book what a broker told of an account, in the given order, all in one transaction; those that were new.

    Each is stored once, by (broker, broker account, execution id): told again it changes nothing. If it is told again
    with another content, `changed` says how a person hears of it. `strategy` and `number` are filled in here: those of
    an order we do not know go to UNATTRIBUTED. `settle` says what each does to its position and order; it is also given
    the client order id that the broker told.

    Nothing is booked on UnstorableError, and on whatever `settle` raises: try them one by one then.
    """
    with unstorable("an execution"), ledger_away():
        # A broker tells of a whole hour again and again: that is no reason to hold the account.
        told = _new_or_other(ledger, account_id, told)
        if not told:
            return ()
        return _book(ledger, account_id, told, settle, changed, at)


def _book(
    ledger: Ledger, account_id: str, told: Sequence[Execution], settle: Settle, changed: Changed, at: datetime
) -> tuple[Execution, ...]:
    with ledger.writing() as connection:
        lock_account(connection, account_id)
        account = known_account(connection, account_id)
        held = _held(connection, account, [one.broker_execution_id for one in told])
        number = _last_number(connection, account_id)
        together = _Together(connection, [one for one in told if one.broker_execution_id not in held])
        for one in told:
            if (first := held.get(one.broker_execution_id)) is not None:
                if not _same_fill(first, one) and not _is_amended(connection, one):
                    raise_alert(connection, changed(first, one), at)
                continue
            number += 1
            held[one.broker_execution_id] = together.book(one, number, settle)
        together.write(at)
    return tuple(together.booked)


def book_entries(ledger: Ledger, account_id: str, entries: Sequence[Execution], after: After) -> tuple[Execution, ...]:
    """Book entries of our own, such as corrections and transfers, all in one transaction; those that were new.

    They are executions in the strategy that they name and of no order; `after` is the position after one.
    """
    with ledger_away(), ledger.writing() as connection:
        return write_entries(connection, account_id, entries, after)


def write_entries(
    connection: Connection, account_id: str, entries: Sequence[Execution], after: After
) -> tuple[Execution, ...]:
    """The same within a transaction of the caller's."""
    lock_account(connection, account_id)
    held = _held(connection, known_account(connection, account_id), [one.broker_execution_id for one in entries])
    number = _last_number(connection, account_id)
    booked = []
    for one in entries:
        if one.broker_execution_id in held:
            continue
        number += 1
        entry = replace(one, number=number, client_order_id=None)
        position = read_position(connection, (entry.strategy, account_id, entry.instrument_key))
        connection.execute(insert(tables.executions), _row(entry))
        write_position(connection, after(position, entry))
        booked.append(entry)
    return tuple(booked)


def list_executions(
    ledger: Ledger, *, account_id: str | None = None, client_order_id: str | None = None, newest: int | None = None
) -> tuple[Execution, ...]:
    """Executions in the order in which they were booked, by account: of an account, an order, so many newest."""
    table = tables.executions
    query = select(table).order_by(table.c.account_id.desc(), table.c.number.desc()).limit(newest)
    if account_id is not None:
        query = query.where(table.c.account_id == account_id)
    if client_order_id is not None:
        query = query.where(table.c.client_order_id == client_order_id)
    with ledger_away(), ledger.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(_execution(row) for row in reversed(rows))


def newest_execution(ledger: Ledger, account_id: str) -> Execution | None:
    """The execution that was booked last in an account; None where there is none."""
    found = list_executions(ledger, account_id=account_id, newest=1)
    return found[0] if found else None


class _Together:
    """Executions that are booked together: each finds orders and positions as those before it left them; then all is
    written at once."""

    def __init__(self, connection: Connection, told: Sequence[Execution]) -> None:
        ids = sorted({one.client_order_id for one in told if one.client_order_id is not None})
        found = read_orders(connection, tables.orders.c.client_order_id, ids, lock=True)
        self._connection = connection
        self._orders = {one.client_order_id: one for one in found}
        self._positions: dict[tuple[str, str, str], Position | None] = {}
        self._bookings: list[Booking] = []
        self.booked: list[Execution] = []

    def book(self, told: Execution, number: int, settle: Settle) -> Execution:
        """Book one; as it is booked."""
        order = self._orders.get(told.client_order_id or "")
        if order is not None and order.account_id != told.account_id:
            order = None  # an id of ours under which another account traded: not that order's fill
        execution = replace(
            told,
            number=number,
            client_order_id=None if order is None else order.client_order_id,
            strategy=UNATTRIBUTED if order is None else order.strategy,
            multiplier=told.multiplier if order is None else order.multiplier,  # the terms it was sized with
            currency=told.currency if order is None else order.currency,
        )
        book = (execution.strategy, execution.account_id, execution.instrument_key)
        if book not in self._positions:
            self._positions[book] = read_position(self._connection, book)
        booking = settle(execution, told.client_order_id, order, self._positions[book])
        self._positions[book] = booking.position
        if booking.step is not None:
            self._orders[booking.step.order.client_order_id] = booking.step.taken()
        self._bookings.append(booking)
        self.booked.append(execution)
        return execution

    def write(self, at: datetime) -> None:
        """Write all of it. TemporaryError when somebody changed an order that we hold, which rolls everything back."""
        if not self.booked:
            return
        insert_rows(self._connection, tables.executions, [_row(one) for one in self.booked])
        for position in self._positions.values():
            if position is not None:
                write_position(self._connection, position)
        steps = [one.step for one in self._bookings if one.step is not None]
        if None in take_steps(self._connection, steps):
            raise TemporaryError("an order was changed while its fill was booked", remedy="try again")
        for booking in self._bookings:
            for trouble in booking.troubles:
                raise_alert(self._connection, trouble, at)


def _row(execution: Execution) -> dict[str, object]:
    return vars(execution) | {"side": execution.side.value}


def _held(connection: Connection, account: Account, ids: Sequence[str]) -> dict[str, Execution]:
    table = tables.executions
    of_account = (table.c.broker == account.broker) & (table.c.broker_account == account.broker_account)
    held = {}
    for start in range(0, len(ids), CHUNK):
        query = select(table).where(of_account, table.c.broker_execution_id.in_(ids[start : start + CHUNK]))
        for row in connection.execute(query).mappings():
            held[row["broker_execution_id"]] = _execution(row)
    return held


def _is_amended(connection: Connection, told: Execution) -> bool:
    """Whether the books have taken the change in by an entry of their own."""
    table = tables.executions
    of_account = (table.c.broker == told.broker) & (table.c.broker_account == told.broker_account)
    ids = [amended_id(kind, 1, told.broker_execution_id) for kind in AMENDMENTS]
    query = select(table.c.number).where(of_account, table.c.broker_execution_id.in_(ids)).limit(1)
    return connection.execute(query).first() is not None


def _new_or_other(ledger: Ledger, account_id: str, told: Sequence[Execution]) -> Sequence[Execution]:
    """Those of these that are not booked as they are told. Another process may book them meanwhile."""
    if not told:
        return ()
    table = tables.executions
    held: dict[str, tuple[object, ...]] = {}
    with ledger.reading() as connection:
        account = known_account(connection, account_id)
        of_account = (table.c.broker == account.broker) & (table.c.broker_account == account.broker_account)
        for start in range(0, len(told), CHUNK):
            ids = [one.broker_execution_id for one in told[start : start + CHUNK]]
            facts = (table.c[name] for name in _FACTS)
            query = select(table.c.broker_execution_id, *facts).where(of_account, table.c.broker_execution_id.in_(ids))
            held |= {row[0]: tuple(row[1:]) for row in connection.execute(query)}
    return [one for one in told if held.get(one.broker_execution_id) != _facts(one)]


def _facts(fill: Execution) -> tuple[object, ...]:
    return tuple(getattr(fill, name) for name in _FACTS)


def _same_fill(first: Execution, again: Execution) -> bool:
    return _facts(first) == _facts(again)


def _last_number(connection: Connection, account_id: str) -> int:
    table = tables.executions
    query = select(func.max(table.c.number)).where(table.c.account_id == account_id)
    return connection.execute(query).scalar() or 0


def _execution(row: RowMapping) -> Execution:
    values = {name: row[name] for name in Execution.__dataclass_fields__}
    return Execution(**values | {"side": Side(row["side"])})
