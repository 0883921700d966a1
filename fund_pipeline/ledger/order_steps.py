"""Changing orders in the ledger: each change of state lawful, recorded, and made by one process only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.account_model import Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.bulk import insert_rows, update_rows
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_law import ENDED, may_become
from fund_pipeline.ledger.order_model import Change, OrderRow
from fund_pipeline.ledger.orders import CHUNK, as_row, insert_orders
from fund_pipeline.ledger.unstorable import unstorable


@dataclass(frozen=True)
class Step:
    """One order's change, the attempt that follows it, and what a person must hear of it."""

    order: OrderRow
    change: Change
    successor: OrderRow | None = None
    troubles: tuple[Trouble, ...] = ()

    def taken(self) -> OrderRow:
        """The order as it is after it. InvariantError for a change that the law does not have."""
        return replace(self.order, **self.values())

    def values(self) -> Mapping[str, Any]:
        """The fields that it changes, as they are then. InvariantError as above."""
        order, change = self.order, self.change
        if change.after is not order.state and not may_become(order.state, change.after):
            raise InvariantError(f"order {order.client_order_id} cannot go from {order.state} to {change.after}")
        values = dict(change.values) | {"state": change.after, "updated_at": change.at, "revision": order.revision + 1}
        if change.after in ENDED and order.state is not change.after:
            values |= {"closed_at": change.at, "wanted_quantity": None}
        if change.reason is not None and change.after is not order.state:
            values["reason"] = change.reason
        return values


def change_orders(ledger: Ledger, steps: Sequence[Step]) -> tuple[OrderRow | None, ...]:
    """Make changes in a transaction of their own; the orders as they are then, in the steps' order.

    None for one that somebody else has changed since it was read: nothing happened to it. Nothing happened to any on
    InvariantError, for a change that the law does not have, or UnstorableError, for one that the ledger cannot keep.
    """
    with unstorable("what became of an order"), ledger_away(), ledger.writing() as connection:
        return take_steps(connection, steps)


def take_steps(connection: Connection, steps: Sequence[Step]) -> tuple[OrderRow | None, ...]:
    """The same within the caller's transaction. Of two changes of one order, the second starts from the first's."""
    revisions = _held(connection, sorted({step.order.client_order_id for step in steps}))
    changed: dict[str, dict[str, Any]] = {}
    taken: list[OrderRow | None] = []
    for step in steps:
        name, values = step.order.client_order_id, step.values()
        if revisions.get(name) != step.order.revision:
            taken.append(None)
            continue
        revisions[name] += 1
        changed[name] = {**changed.get(name, {}), **values}
        taken.append(replace(step.order, **values))
    rows = (as_row(values) | {"client_order_id": name} for name, values in changed.items())
    update_rows(connection, tables.orders, ["client_order_id"], rows)
    made = [step for step, row in zip(steps, taken, strict=True) if row is not None]
    insert_rows(connection, tables.order_transitions, [_transition(step) for step in made])
    insert_orders(connection, [step.successor for step in made if step.successor is not None])
    for step in made:
        for trouble in step.troubles:
            raise_alert(connection, trouble, step.change.at)
    return tuple(taken)


def _held(connection: Connection, client_order_ids: Sequence[str]) -> dict[str, int]:
    """How often each order was changed, by its id; nobody else can change it until the transaction ends."""
    table = tables.orders
    found: dict[str, int] = {}
    for start in range(0, len(client_order_ids), CHUNK):
        asked = table.c.client_order_id.in_(client_order_ids[start : start + CHUNK])
        query = select(table.c.client_order_id, table.c.revision).where(asked).order_by(table.c.client_order_id)
        found |= {row[0]: row[1] for row in connection.execute(query.with_for_update())}
    return found


def _transition(step: Step) -> dict[str, Any]:
    order, change = step.order, step.change
    return {
        "client_order_id": order.client_order_id,
        "number": order.revision + 1,
        "at": change.at,
        "actor": change.actor,
        "before": order.state.value,
        "after": change.after.value,
        "reason": change.reason,
        "detail": dict(change.detail),
    }
