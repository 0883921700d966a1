"""What the inbox shows of its senders over a stretch of time: times, states, refusals and resends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.signal_model import SignalState


@dataclass(frozen=True)
class Passage:
    """How one signal came through.

    Attributes
    ----------
    sender_id : empty where the way in named none and none was found.
    state : as it stands now.
    sent_at : when its sender says it was sent, UTC; None where that could not be read.
    received_at, read_at : UTC; `read_at` is None while nobody has read it.
    """

    sender_id: str
    state: SignalState
    sent_at: datetime | None
    received_at: datetime
    read_at: datetime | None


def passages(ledger: Ledger, since: datetime) -> tuple[Passage, ...]:
    """Every signal received from `since` on, oldest first."""
    table, steps = tables.signals, tables.signal_transitions
    first_step = (steps.c.signal_id == table.c.signal_id) & (steps.c.number == 1)
    query = (
        select(table.c.sender_id, table.c.state, table.c.sent_at, table.c.received_at, steps.c.at)
        .join_from(table, steps, first_step, isouter=True)
        # Naming the states lets the index on state and time answer this.
        .where(table.c.state.in_([state.value for state in SignalState]), table.c.received_at >= since)
        .order_by(table.c.received_at, table.c.signal_id)
    )
    with ledger_away(), ledger.reading() as connection:
        rows = connection.execute(query).all()
    return tuple(Passage(row[0], SignalState(row[1]), *row[2:]) for row in rows)


def count_refused(ledger: Ledger, since: datetime) -> Mapping[str, int]:
    """How many of each sender's signals were refused at the door since then."""
    table = tables.refused_signals
    query = select(table.c.sender_id, func.count()).where(table.c.received_at >= since).group_by(table.c.sender_id)
    with ledger_away(), ledger.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def count_resends(ledger: Ledger, since: datetime) -> Mapping[str, int]:
    """How often each sender has sent again since then what was stored already."""
    table, raws = tables.signal_resends, tables.raw_signals
    query = (
        select(raws.c.sender_id, func.count())
        .join_from(table, raws, raws.c.signal_id == table.c.signal_id)
        .where(table.c.received_at >= since)
        .group_by(raws.c.sender_id)
    )
    with ledger_away(), ledger.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def count_states(ledger: Ledger) -> Mapping[SignalState, int]:
    """How many signals are in each state."""
    table = tables.signals
    query = select(table.c.state, func.count()).group_by(table.c.state)
    with ledger_away(), ledger.reading() as connection:
        return {SignalState(row[0]): row[1] for row in connection.execute(query)}


def newest_and_oldest_unread(ledger: Ledger) -> tuple[datetime | None, datetime | None]:
    """When the newest signal was received, and the oldest of those that nobody has read yet (UTC); None for none."""
    table = tables.signals
    newest = select(func.max(table.c.received_at))
    unread = select(func.min(table.c.received_at)).where(table.c.state == SignalState.RECEIVED.value)
    with ledger_away(), ledger.reading() as connection:
        return connection.execute(newest).scalar(), connection.execute(unread).scalar()
