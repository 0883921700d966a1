"""When each signal came to which point of its path, from what its changes of state, orders and fills have recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.signal_model import SignalState


@dataclass(frozen=True)
class SignalTimes:
    """When a signal first came to each point of its path, UTC, by our clock; None where it has not, or never will.

    Attributes
    ----------
    state : as it stands now.
    received_at : stored, before it was answered.
    read_at, claimed_at, decided_at : STANDARDISED, CLAIMED by who decides, DECIDED.
    submitted_at, acknowledged_at : of its first order: claimed in order to be sent; known to be at the broker.
    filled_at : when the first fill of its orders was told us, whatever time the broker gives it.
    read_again : a person replayed it, or its whole came after the hook's part, so that its times say nothing of speed.
    """

    signal_id: str
    strategy: str
    state: SignalState
    received_at: datetime
    read_at: datetime | None = None
    claimed_at: datetime | None = None
    decided_at: datetime | None = None
    submitted_at: datetime | None = None
    acknowledged_at: datetime | None = None
    filled_at: datetime | None = None
    read_again: bool = False


STATES = {
    "read_at": SignalState.STANDARDISED,
    "claimed_at": SignalState.CLAIMED,
    "decided_at": SignalState.DECIDED,
    "read_again": SignalState.RECEIVED,
}


def times_of(ledger: Ledger, signal_id: str) -> SignalTimes:
    """One signal's times. NotFoundError."""
    with ledger_away(), ledger.reading() as connection:
        found = _read(connection, _heads().where(tables.signals.c.signal_id == signal_id))
    if not found:
        raise NotFoundError(f"there is no signal {signal_id!r}", remedy="run `fund signals list`")
    return found[0]


def times_since(ledger: Ledger, since: datetime, newest: int) -> tuple[SignalTimes, ...]:
    """The times of signals received since then, newest first; at most so many."""
    table = tables.signals
    # Naming the states lets the index on state and time answer this.
    lately = table.c.state.in_([state.value for state in SignalState]) & (table.c.received_at >= since)
    query = _heads().where(lately).order_by(table.c.received_at.desc(), table.c.signal_id.desc()).limit(newest)
    with ledger_away(), ledger.reading() as connection:
        return _read(connection, query)


def _heads() -> Select[Any]:
    table = tables.signals
    return select(table.c.signal_id, table.c.strategy, table.c.state, table.c.received_at)


def _read(connection: Connection, heads: Select[Any]) -> tuple[SignalTimes, ...]:
    chosen = heads.subquery()
    ids = select(chosen.c.signal_id)
    steps, orders, fills = tables.signal_transitions, tables.orders, tables.executions
    moved = select(
        steps.c.signal_id,
        *(func.min(case((steps.c.after == state.value, steps.c.at))).label(name) for name, state in STATES.items()),
    ).where(steps.c.signal_id.in_(ids))
    sent = select(
        orders.c.signal_id,
        func.min(orders.c.submitted_at).label("submitted_at"),
        func.min(orders.c.acknowledged_at).label("acknowledged_at"),
        func.min(fills.c.received_at).label("filled_at"),
    ).join_from(orders, fills, fills.c.client_order_id == orders.c.client_order_id, isouter=True)
    times = _by_signal(connection, moved.group_by(steps.c.signal_id))
    later = _by_signal(connection, sent.where(orders.c.signal_id.in_(ids)).group_by(orders.c.signal_id))
    return tuple(
        SignalTimes(
            **row
            | {"state": SignalState(row["state"])}
            | (known := dict(times.get(row["signal_id"], {})))
            | dict(later.get(row["signal_id"], {}))
            | {"read_again": known.get("read_again") is not None}
        )
        for row in map(dict, connection.execute(heads).mappings())
    )


def _by_signal(connection: Connection, query: Select[Any]) -> Mapping[str, Mapping[str, Any]]:
    return {row["signal_id"]: dict(row) for row in connection.execute(query).mappings()}
