"""Whether there is anything to do: one look at indexes, for sensors that ask every few seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.claims import is_free
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.signal_model import SignalState


@dataclass(frozen=True)
class Waiting:
    """Signals that wait to be read or decided.

    Attributes
    ----------
    count : how many.
    mark : changes whenever what waits does; empty where nothing waits.
    """

    count: int
    mark: str


_SIGNALS = tables.signals.c
_WAITING = select(func.count(), func.max(_SIGNALS.updated_at), func.sum(_SIGNALS.revision)).where(
    or_(_SIGNALS.state == SignalState.RECEIVED.value, is_free(bindparam("now")))
)
"""Made once: it is asked twenty times a second, and making it takes longer than asking."""


def waiting_signals(ledger: Ledger, now: datetime) -> Waiting:
    """What is RECEIVED, and what is STANDARDISED or was claimed by who has died, as of `now`."""
    with ledger_away(), ledger.reading() as connection:
        row: Any = connection.execute(_WAITING, {"now": now}).one()
    count, newest, revisions = row
    return Waiting(count, f"{newest.isoformat()}:{count}:{revisions}" if count else "")


def holders(ledger: Ledger) -> tuple[str, ...]:
    """Who holds signals now, alive or dead."""
    table = tables.signals
    query = select(table.c.claimed_by).where(table.c.state == SignalState.CLAIMED.value).distinct()
    with ledger_away(), ledger.reading() as connection:
        return tuple(sorted(connection.execute(query).scalars()))


def count_orders_to_follow(ledger: Ledger, ended_since: datetime) -> int:
    """Orders that have not ended, intents included, or have ended so lately that a fill may still be on its way."""
    lately = tables.orders.c.closed_at >= ended_since
    query = select(func.count()).select_from(tables.orders).where(or_(tables.ORDER_IS_LIVE, lately))
    with ledger_away(), ledger.reading() as connection:
        return int(connection.execute(query).scalar_one())
