"""Who decides a signal: a claim with a lease, which is a fact of the database and not a hope about scheduling.

STANDARDISED → CLAIMED → DECIDED, or back to STANDARDISED, or QUARANTINED. A claim whose lease ran out, because who held
it died, is there for the next to take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, Connection, or_, select, update

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.bulk import insert_rows
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.signal_model import SignalRow, SignalState, Verdict
from fund_pipeline.ledger.signals import signal_of_row


def claim(
    ledger: Ledger, owner: str, now: datetime, lease: timedelta, limit: int, *, held_too: bool = False
) -> tuple[SignalRow, ...]:
    """Take at most `limit` signals that nobody holds, oldest first, until `now` + `lease`.

    `owner` names who decides: a Dagster run's id. Signals that another transaction is just taking are passed over on
    PostgreSQL; on SQLite one waits for the other. TemporaryError when the ledger is away.

    `held_too` takes those that others hold as well, for a caller who knows that these are dead: a later signal must
    not be decided before them. One who was not dead after all can settle nothing more.
    """
    table = tables.signals
    query = (
        select(table)
        .where(is_undecided() if held_too else is_free(now))
        .order_by(table.c.received_at, table.c.signal_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    with ledger_away(), ledger.writing() as connection:
        found = [signal_of_row(row) for row in connection.execute(query).mappings()]
        if not found:
            return ()
        changed = {"claimed_by": owner, "lease_until": now + lease, "updated_at": now}
        values = {**changed, "state": SignalState.CLAIMED.value, "revision": table.c.revision + 1}
        connection.execute(update(table).where(table.c.signal_id.in_([row.signal_id for row in found])).values(values))
        _note(connection, [(row, Verdict(SignalState.CLAIMED)) for row in found], owner, now)
    return tuple(_held(row, owner, now, now + lease) for row in found)


def settle(connection: Connection, owner: str, settled: Sequence[tuple[SignalRow, Verdict]], now: datetime) -> None:
    """What became of signals as `claim` gave them, within the transaction that records why; nobody holds them then.

    ConflictError, and nothing may be committed, when another has one of them by now.
    """
    table = tables.signals
    by_verdict: dict[str, list[tuple[SignalRow, Verdict]]] = {}
    for row, verdict in settled:
        by_verdict.setdefault(repr(verdict), []).append((row, verdict))
    for alike in by_verdict.values():
        verdict, ids = alike[0][1], [row.signal_id for row, _ in alike]
        mine = (table.c.state == SignalState.CLAIMED.value) & (table.c.claimed_by == owner)
        changed = connection.execute(
            update(table)
            .where(table.c.signal_id.in_(ids), mine)
            .values(
                state=verdict.state.value,
                reason=verdict.reason,
                problem=verdict.problem,
                updated_at=now,
                revision=table.c.revision + 1,
                claimed_by=None,
                lease_until=None,
            )
        )
        if changed.rowcount != len(ids):
            raise ConflictError(f"{owner} no longer holds all of its signals", remedy="nothing: who holds them decides")
    _note(connection, settled, owner, now)


def _held(row: SignalRow, owner: str, now: datetime, until: datetime) -> SignalRow:
    return replace(
        row,
        state=SignalState.CLAIMED,
        claimed_by=owner,
        lease_until=until,
        updated_at=now,
        revision=row.revision + 1,
    )


def is_free(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The signals that wait to be decided and that nobody holds at `now`."""
    table = tables.signals
    lapsed = (table.c.state == SignalState.CLAIMED.value) & (table.c.lease_until <= now)
    return or_(table.c.state == SignalState.STANDARDISED.value, lapsed)


def is_undecided() -> ColumnElement[bool]:
    """The signals that wait to be decided, whoever holds them."""
    return tables.signals.c.state.in_([SignalState.STANDARDISED.value, SignalState.CLAIMED.value])


def _note(connection: Connection, moved: Sequence[tuple[SignalRow, Verdict]], actor: str, now: datetime) -> None:
    steps = [
        {
            "signal_id": row.signal_id,
            "number": row.revision + 1,
            "at": now,
            "actor": actor,
            "before": row.state.value,
            "after": verdict.state.value,
            "reason": verdict.reason,
            "problem": verdict.problem,
        }
        for row, verdict in moved
    ]
    insert_rows(connection, tables.signal_transitions, steps)
