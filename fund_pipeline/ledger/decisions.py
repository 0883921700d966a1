"""Decisions in the ledger, each stored with its orders, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from sqlalchemy import Connection, RowMapping, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.account_model import Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.bulk import insert_rows
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import Change, DecisionRow, OrderRow
from fund_pipeline.ledger.order_steps import Step, take_steps
from fund_pipeline.ledger.orders import insert_orders, read_live_attempt, read_order, read_orders
from fund_pipeline.terms import DecisionOutcome

Key = tuple[str, str, int]
"""Signal, fund and part."""

_COLUMNS = tuple(one.name for one in fields(DecisionRow))

CHUNK = 500
"""Keys per query: SQLite takes some thousands of values in one statement."""


@dataclass(frozen=True)
class StoredDecision:
    """A decision as it stands, with its orders. `is_new` when this call stored it."""

    decision: DecisionRow
    orders: tuple[OrderRow, ...]
    is_new: bool


@dataclass(frozen=True)
class NewDecision:
    """A decision to be stored.

    Attributes
    ----------
    cancels : why which orders are to be cancelled, by client order id: a wish that is stored with it.
    orders : says which orders it has, given those to be cancelled as they are now, by id (those that are not in the
        ledger are left out).
    troubles : what a person must hear of it.
    """

    decision: DecisionRow
    orders: Callable[[Mapping[str, OrderRow]], Sequence[OrderRow]]
    cancels: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()


def store_decisions(ledger: Ledger, decided: Sequence[NewDecision]) -> tuple[StoredDecision, ...]:
    """Store decisions with their orders, all in one transaction; what is stored, in the same order.

    There is one per signal, fund and part: where one stands already, it is returned with its orders, and nothing of the
    new one is kept. IntegrityError for a signal, fund or account that is not in the ledger.
    """
    with ledger_away(), ledger.writing() as connection:
        return write_decisions(connection, decided)


def write_decisions(connection: Connection, decided: Sequence[NewDecision]) -> tuple[StoredDecision, ...]:
    """The same within a transaction of the caller's, such as one that also settles the signals."""
    _one_at_a_time(connection, {one.decision.fund_id for one in decided})
    held = _held(connection, {_key(one.decision) for one in decided})
    # All that any of them wants cancelled, in one order, in which others lock them too.
    cancelled = sorted({name for one in decided for name in one.cancels})
    read_orders(connection, tables.orders.c.client_order_id, cancelled, lock=True)
    orders_of: dict[str, tuple[OrderRow, ...]] = {}
    for order in read_orders(connection, tables.orders.c.decision_id, [one.decision_id for one in held.values()]):
        orders_of[order.decision_id] = (*orders_of.get(order.decision_id, ()), order)
    stored: list[StoredDecision] = []
    rows: list[dict[str, object]] = []
    new_orders: list[OrderRow] = []
    for new in decided:
        decision = new.decision
        key = _key(decision)
        if (first := held.get(key)) is not None:
            stored.append(StoredDecision(first, orders_of.get(first.decision_id, ()), is_new=False))
            continue
        if new.cancels:  # which may name an order of a signal decided earlier in this batch
            _flush(connection, rows, new_orders)
        orders = tuple(new.orders(_cancelled(connection, new)))
        held[key], orders_of[decision.decision_id] = decision, orders
        rows.append(_values(decision))
        new_orders.extend(orders)
        for trouble in new.troubles:
            raise_alert(connection, trouble, decision.decided_at)
        stored.append(StoredDecision(decision, orders, is_new=True))
    _flush(connection, rows, new_orders)
    return tuple(stored)


def _flush(connection: Connection, rows: list[dict[str, object]], orders: list[OrderRow]) -> None:
    insert_rows(connection, tables.decisions, rows)
    insert_orders(connection, orders)
    rows.clear()
    orders.clear()


def _cancelled(connection: Connection, new: NewDecision) -> dict[str, OrderRow]:
    """The orders that a decision wants cancelled, wished for if they live, as they were."""
    found = {}
    for name, reason in sorted(new.cancels.items()):
        order = read_order(connection, name, lock=True)
        if order is None:
            continue
        if not order.state.is_live:  # it may have been sent anew since the decision's facts were read
            order = read_live_attempt(connection, order) or order
        found[name] = order
        if order.state.is_live and order.cancel_for is None:
            change = Change(order.state, new.decision.batch, new.decision.decided_at, reason, {"cancel_for": reason})
            take_steps(connection, [Step(order, replace(change, values={"cancel_for": reason}))])
    return found


def list_decisions(
    ledger: Ledger,
    *,
    signal_id: str | None = None,
    fund_id: str | None = None,
    batch: str | None = None,
    newest: int = 100,
) -> tuple[DecisionRow, ...]:
    """Decisions, newest first: about a signal, of a fund, of a batch, at most so many."""
    table = tables.decisions
    query = select(table).order_by(table.c.decided_at.desc(), table.c.decision_id).limit(newest)
    wanted = {table.c.signal_id: signal_id, table.c.fund_id: fund_id, table.c.batch: batch}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_decision(row) for row in connection.execute(query).mappings())


def _one_at_a_time(connection: Connection, fund_ids: set[str]) -> None:
    # Two that decide the same signal for the same fund follow one another; SQLite's writers do so anyway.
    table = tables.funds
    query = select(table.c.fund_id).where(table.c.fund_id.in_(fund_ids)).order_by(table.c.fund_id)
    connection.execute(query.with_for_update(key_share=True)).all()


def _key(decision: DecisionRow) -> Key:
    return (decision.signal_id, decision.fund_id, decision.part)


def _held(connection: Connection, keys: set[Key]) -> dict[Key, DecisionRow]:
    table, asked = tables.decisions, sorted({signal_id for signal_id, _, _ in keys})
    found = {}
    for start in range(0, len(asked), CHUNK):
        query = select(table).where(table.c.signal_id.in_(asked[start : start + CHUNK]))
        for row in connection.execute(query).mappings():
            key = (row["signal_id"], row["fund_id"], row["part"])
            if key in keys:
                found[key] = _decision(row)
    return found


def _values(decision: DecisionRow) -> dict[str, object]:
    plain = {name: getattr(decision, name) for name in _COLUMNS}  # asdict would copy every figure
    return plain | {
        "outcome": decision.outcome.value,
        "figures": dict(decision.figures),
        "actions": list(decision.actions),
    }


def _decision(row: RowMapping) -> DecisionRow:
    values = {name: row[name] for name in _COLUMNS}
    return DecisionRow(**values | {"outcome": DecisionOutcome(row["outcome"]), "actions": tuple(row["actions"])})


def decisions_by_id(ledger: Ledger, decision_ids: Iterable[str]) -> dict[str, DecisionRow]:
    """Decisions by their ids; what is not there is left out."""
    table, asked = tables.decisions, sorted(set(decision_ids))
    found: dict[str, DecisionRow] = {}
    with ledger_away(), ledger.reading() as connection:
        for start in range(0, len(asked), CHUNK):
            query = select(table).where(table.c.decision_id.in_(asked[start : start + CHUNK]))
            found |= {row["decision_id"]: _decision(row) for row in connection.execute(query).mappings()}
    return found
