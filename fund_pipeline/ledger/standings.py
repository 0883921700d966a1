"""What bears on an order in one consistent view, and deciding on it while its account is held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from fund_pipeline.errors import InvariantError, TemporaryError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.account_books import read_books
from fund_pipeline.ledger.account_model import EVERYWHERE, Account, Trouble
from fund_pipeline.ledger.accounts import known_account
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import OrderRow, Position
from fund_pipeline.ledger.order_steps import Step, take_steps
from fund_pipeline.ledger.orders import by_age, order_of, read_order, read_orders
from fund_pipeline.ledger.positions import lock_account, read_position, read_positions
from fund_pipeline.terms import HaltState


@dataclass(frozen=True)
class Standing:
    """An order with all that bears on whether it may be sent now, in one consistent view.

    What it shares a position with is there for what closes one; an entry takes nothing from anybody.

    Attributes
    ----------
    strategy_mode : None when the strategy is not in the registry any more.
    halt : the stricter one of the fund's and of everybody's.
    books_wait : its account was reconciled once, and has not been since we started or its broker was away.
    position : what its strategy holds of its instrument in its account; None when it never held any.
    net_quantity : what all strategies together hold of it there, signed.
    working : the live orders in that instrument and account, of all strategies, this one among them, oldest first.
    family : all orders, ended ones too, of the signals, legs and accounts of the strategy's `working` ones, and the
        entries that its exits wait for.
    """

    order: OrderRow
    strategy_mode: TradingMode | None
    account: Account
    halt: HaltState
    books_wait: bool = False
    position: Position | None = None
    net_quantity: Decimal = Decimal(0)
    working: tuple[OrderRow, ...] = ()
    family: tuple[OrderRow, ...] = ()

    @property
    def book(self) -> tuple[OrderRow, ...]:
        """The live orders of the position, oldest first."""
        return tuple(one for one in self.working if one.strategy == self.order.strategy)

    @property
    def held(self) -> Decimal:
        """What the strategy holds, signed."""
        return Decimal(0) if self.position is None else self.position.quantity


@dataclass(frozen=True)
class Verdict:
    """What becomes of an order and of those it shares a position with, and what a person must hear."""

    steps: tuple[Step, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps or self.troubles)


def stand(ledger: Ledger, client_order_id: str) -> Standing:
    """An order and all that bears on it, as it is now; nothing is held."""
    with ledger_away(), ledger.reading() as connection:
        return _standing(connection, client_order_id)


def decide_on(
    ledger: Ledger, client_order_id: str, decide: Callable[[Standing], Verdict], at: datetime
) -> dict[str, OrderRow]:
    """Let `decide` say what becomes of an order and of those it shares a position with; what was changed, by id.

    All in one transaction that holds the account, so that two processes never close one position twice. `decide` gets
    the order as it stands now, which may have ended meanwhile.
    """
    with ledger_away(), ledger.writing() as connection:
        lock_account(connection, _account_of(connection, client_order_id))
        return _carry_out(connection, [decide(_standing(connection, client_order_id, lock=True))], at)


def decide_on_entries(
    ledger: Ledger,
    account_id: str,
    client_order_ids: Sequence[str],
    decide: Callable[[Standing], Verdict],
    at: datetime,
) -> dict[str, OrderRow]:
    """The same for many entries of one account at once; InvariantError for an order that is none."""
    with ledger_away(), ledger.writing() as connection:
        lock_account(connection, account_id)
        found = read_orders(connection, tables.orders.c.client_order_id, client_order_ids, lock=True)
        if len(found) < len(client_order_ids) or any(one.role.closes or one.account_id != account_id for one in found):
            raise InvariantError(f"not all of these are entries in account {account_id}: {', '.join(client_order_ids)}")
        return _carry_out(connection, [decide(one) for one in _entry_standings(connection, found)], at)


def stand_entries(ledger: Ledger, entries: Sequence[OrderRow]) -> tuple[Standing, ...]:
    """Entries of one account, of which only a wish to cancel is read anew, with all that bears on each now."""
    table = tables.orders
    names = [one.client_order_id for one in entries]
    query = select(table.c.client_order_id, table.c.cancel_for).where(table.c.client_order_id.in_(names))
    with ledger_away(), ledger.reading() as connection:
        wishes = {row.client_order_id: row.cancel_for for row in connection.execute(query)}
        now = [replace(one, cancel_for=wishes[one.client_order_id]) for one in entries]
        return _entry_standings(connection, now)


def _entry_standings(connection: Connection, entries: Sequence[OrderRow]) -> tuple[Standing, ...]:
    account_id = entries[0].account_id
    account = known_account(connection, account_id)
    books_wait = read_books(connection, account_id).waits
    modes = {name: _mode(connection, name) for name in {one.strategy for one in entries}}
    halts = {name: _halt(connection, name) for name in {one.fund_id for one in entries}}
    return tuple(Standing(one, modes[one.strategy], account, halts[one.fund_id], books_wait) for one in entries)


def _carry_out(connection: Connection, verdicts: Sequence[Verdict], at: datetime) -> dict[str, OrderRow]:
    changed = {}
    steps = [step for verdict in verdicts for step in verdict.steps]
    for step, row in zip(steps, take_steps(connection, steps), strict=True):
        if row is None:
            raise TemporaryError(f"order {step.order.client_order_id} was changed at the same time")
        changed[row.client_order_id] = row
    for verdict in verdicts:
        for trouble in verdict.troubles:
            raise_alert(connection, trouble, at)
    return changed


def _account_of(connection: Connection, client_order_id: str) -> str:
    table = tables.orders
    query = select(table.c.account_id).where(table.c.client_order_id == client_order_id)
    return str(connection.execute(query).scalar_one())


def _standing(connection: Connection, client_order_id: str, *, lock: bool = False) -> Standing:
    order = read_order(connection, client_order_id, lock=lock)
    if order is None:
        raise InvariantError(f"order {client_order_id} is not in the ledger any more")
    terms: dict[str, Any] = {
        "order": order,
        "strategy_mode": _mode(connection, order.strategy),
        "account": known_account(connection, order.account_id),
        "halt": _halt(connection, order.fund_id),
        "books_wait": read_books(connection, order.account_id).waits,
    }
    if not order.role.closes:
        return Standing(**terms)
    table = tables.orders
    of_instrument = (table.c.account_id == order.account_id) & (table.c.instrument_key == order.instrument_key)
    # In one order, in which others lock them too.
    live = select(table).where(of_instrument, tables.ORDER_IS_LIVE).order_by(table.c.client_order_id)
    working = sorted(
        (order_of(row) for row in connection.execute(live.with_for_update() if lock else live).mappings()), key=by_age
    )
    book = [one for one in (*working, order) if one.strategy == order.strategy]
    legs = {one.legged for one in book}
    related = read_orders(connection, table.c.signal_id, sorted({one.signal_id for one in book}))
    awaited = {name for one in book for name in one.waits_for}
    holdings = read_positions(connection, account_id=order.account_id, instrument_key=order.instrument_key)
    return Standing(
        **terms,
        position=read_position(connection, order.book),
        net_quantity=sum((one.quantity for one in holdings), Decimal(0)),
        working=tuple(working),
        family=(
            *(one for one in related if one.legged in legs and one.client_order_id not in awaited),
            *read_orders(connection, table.c.client_order_id, sorted(awaited)),
        ),
    )


def _mode(connection: Connection, strategy: str) -> TradingMode | None:
    table = tables.strategies
    mode = connection.execute(select(table.c.trading_mode).where(table.c.strategy_id == strategy)).scalar()
    return None if mode is None else TradingMode(mode)


def _halt(connection: Connection, fund_id: str) -> HaltState:
    table = tables.halts
    query = select(table.c.state).where(table.c.scope.in_([EVERYWHERE, fund_id]))
    states: Iterable[str] = connection.execute(query).scalars()
    return HaltState.strictest(HaltState(state) for state in states)
