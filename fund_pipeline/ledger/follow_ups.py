"""Signals whose exits have filled, so that what they enter afterwards is to be decided now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import OrderRow, OrderState
from fund_pipeline.ledger.orders import read_orders
from fund_pipeline.ledger.signal_model import SignalRow
from fund_pipeline.ledger.signals import signal_of_row
from fund_pipeline.terms import OrderRole

ENTERS_LATER = "ENTRY_AFTER_FILL"
"""The action whose leg is entered once the exits are filled."""

NOTHING_WAS_THERE = "NOTHING_TO_CLOSE"
"""An exit that waited for an entry, of which nothing had filled."""


@dataclass(frozen=True)
class FollowUp:
    """Legs of a signal to enter now, in one fund."""

    signal: SignalRow
    fund_id: str
    legs: tuple[int, ...]


def due_follow_ups(ledger: Ledger, since: datetime) -> tuple[FollowUp, ...]:
    """What follows decisions taken since then, and has not been decided.

    It is due when all exits of the decision have ended and done what they were for. An exit that was cancelled is not
    followed by an entry, nor is a leg that the sender has closed or replaced since.
    """
    table, again = tables.decisions, tables.decisions.alias()
    followed = select(again.c.decision_id).where(
        again.c.signal_id == table.c.signal_id, again.c.fund_id == table.c.fund_id, again.c.part == 1
    )
    query = (
        select(table.c.decision_id, table.c.signal_id, table.c.fund_id, table.c.actions)
        .where(tables.IS_FOLLOWED, table.c.part == 0, table.c.decided_at >= since, ~followed.exists())
        .order_by(table.c.decided_at, table.c.decision_id)
    )
    with ledger_away(), ledger.reading() as connection:
        waiting = list(connection.execute(query).mappings())
        if not waiting:
            return ()
        orders = read_orders(connection, tables.orders.c.decision_id, [row["decision_id"] for row in waiting])
        done = [row for row in waiting if _have_closed([o for o in orders if o.decision_id == row["decision_id"]])]
        signals = _signals(connection, [row["signal_id"] for row in done])
        wanted = _wanted(connection, list(signals))
    found = (FollowUp(signals[row["signal_id"]], row["fund_id"], _legs(row, wanted)) for row in done)
    return tuple(one for one in found if one.legs)


def _have_closed(orders: Sequence[OrderRow]) -> bool:
    last = {one.legged: one for one in sorted(orders, key=lambda one: one.attempt) if one.role is OrderRole.EXIT}
    return all(one.state is OrderState.FILLED or _had_nothing(one) for one in last.values())


def _had_nothing(order: OrderRow) -> bool:
    return order.state is OrderState.CANCELLED and order.reason == NOTHING_WAS_THERE


def _signals(connection: Connection, signal_ids: Sequence[str]) -> Mapping[str, SignalRow]:
    table = tables.signals
    rows = connection.execute(select(table).where(table.c.signal_id.in_(signal_ids))).mappings()
    return {row["signal_id"]: signal_of_row(row) for row in rows}


def _wanted(connection: Connection, signal_ids: Sequence[str]) -> set[tuple[str, int]]:
    """The legs that are still in the senders' books."""
    table = tables.sender_entries
    query = select(table.c.signal_id, table.c.leg).where(table.c.signal_id.in_(signal_ids), tables.ENTRY_IS_OPEN)
    return {(row[0], row[1]) for row in connection.execute(query)}


def _legs(row: RowMapping, wanted: set[tuple[str, int]]) -> tuple[int, ...]:
    later = [one["leg"] for one in row["actions"] if one["kind"] == ENTERS_LATER]
    return tuple(sorted(leg for leg in later if (row["signal_id"], leg) in wanted))
