"""Signals in the ledger: reading what is pending, each change of state recorded, and what became of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.bulk import insert_rows, update_rows
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import StrategyStatus
from fund_pipeline.ledger.senders import read_senders
from fund_pipeline.ledger.signal_model import (
    Outcome,
    Pending,
    RawSignal,
    SenderRow,
    SenderStatus,
    SignalRow,
    SignalState,
    StrategyTerms,
    Transition,
    WayIn,
)
from fund_pipeline.terms import SizingMode

Decide = Callable[[Pending, Sequence[SenderRow]], Outcome]


def settle_pending(
    ledger: Ledger, decide: Decide, act: Act, limit: int, *, only: str | None = None
) -> tuple[SignalState, ...]:
    """Let `decide` say what at most `limit` RECEIVED signals come to, oldest first; the states they are in now.

    All in one transaction: a crash leaves them RECEIVED. Signals that another process has in hand are passed over on
    PostgreSQL; on SQLite it waits.
    """
    with ledger_away(), ledger.writing() as connection:
        rows = _pending_rows(connection, limit, only)
        if not rows:
            return ()
        senders = read_senders(connection)
        terms = _terms(connection, {row["strategy"] for row in rows})
        settled = [(row, decide(_pending(row, terms, senders), senders)) for row in rows]
        change(connection, settled, act)
    return tuple(outcome.state for _, outcome in settled)


def return_to_received(ledger: Ledger, signal_id: str, act: Act) -> None:
    """Have a QUARANTINED signal read again, audited. NotFoundError; ConflictError for one in another state."""
    table = tables.signals
    with ledger_away(), ledger.writing() as connection:
        query = select(table).where(table.c.signal_id == signal_id).with_for_update()
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise _no_signal(signal_id)
        if row["state"] != SignalState.QUARANTINED.value:
            raise ConflictError(
                f"signal {signal_id} is {row['state']}; only what is QUARANTINED can be replayed",
                remedy=f"run `fund signals show {signal_id}`",
            )
        change(connection, [(row, Outcome(SignalState.RECEIVED, row["sender_id"]))], act)
        audit.record(connection, act, "signal_replayed", "signal", signal_id, {"was": row["reason"]})


def get_signal(ledger: Ledger, signal_id: str) -> tuple[SignalRow, RawSignal, tuple[Transition, ...]]:
    """A signal as it stands, what was received, and its changes of state in order. NotFoundError."""
    table, raws, steps = tables.signals, tables.raw_signals, tables.signal_transitions
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(select(table).where(table.c.signal_id == signal_id)).mappings().one_or_none()
        if row is None:
            raise _no_signal(signal_id)
        raw = connection.execute(select(raws).where(raws.c.signal_id == signal_id)).mappings().one()
        query = select(steps).where(steps.c.signal_id == signal_id).order_by(steps.c.number)
        changes = connection.execute(query).mappings().all()
    return signal_of_row(row), _raw(raw), tuple(_transition(change) for change in changes)


def list_signals(
    ledger: Ledger,
    *,
    state: SignalState | None = None,
    strategy: str | None = None,
    sender: str | None = None,
    among: Collection[str] | None = None,
    newest: int = 100,
) -> tuple[SignalRow, ...]:
    """Signals, newest first: those in a state, of a strategy, of a sender, at most so many.

    `among` says which strategies' can be meant at all, as a sender's are: there is no index of senders.
    """
    table = tables.signals
    query = select(table).order_by(table.c.received_at.desc(), table.c.signal_id.desc()).limit(newest)
    if state is not None:
        query = query.where(table.c.state == state.value)
    if strategy is not None:
        query = query.where(table.c.strategy == strategy)
    if sender is not None:
        query = query.where(table.c.sender_id == sender)
    if among is not None:
        query = query.where(table.c.strategy.in_(among))
    with ledger_away(), ledger.reading() as connection:
        return tuple(signal_of_row(row) for row in connection.execute(query).mappings())


def _pending_rows(connection: Connection, limit: int, only: str | None) -> Sequence[RowMapping]:
    table, raws = tables.signals, tables.raw_signals
    received = [column for column in raws.c if column.name not in table.c]
    query = (
        select(table, raws.c.sender_id.label("received_from"), *received)
        .join(raws, raws.c.signal_id == table.c.signal_id)
        .where(table.c.state == SignalState.RECEIVED.value)
        .order_by(table.c.received_at, table.c.signal_id)
        .limit(limit)
        .with_for_update(of=table, skip_locked=True)
    )
    if only is not None:
        query = query.where(table.c.signal_id == only)
    return connection.execute(query).mappings().all()


def _terms(connection: Connection, strategies: set[str]) -> Mapping[str, StrategyTerms]:
    table = tables.strategies
    query = select(table.c.strategy_id, table.c.status, table.c.sizing).where(table.c.strategy_id.in_(strategies))
    return {row[0]: StrategyTerms(StrategyStatus(row[1]), SizingMode(row[2])) for row in connection.execute(query)}


def _pending(row: RowMapping, terms: Mapping[str, StrategyTerms], senders: Sequence[SenderRow]) -> Pending:
    sender_id = row["received_from"]
    if not sender_id and row["supplement"] is not None:
        # The hook names no sender, but the whole may have come from one: no need to guess by the strategy then.
        active = (one.sender_id for one in senders if one.status is SenderStatus.ACTIVE)
        sender_id = row["sender_id"] if row["sender_id"] in active else ""
    raw = replace(_raw(row), sender_id=sender_id)
    return Pending(raw, row["repeats"], row["supplement"], terms.get(row["strategy"]))


def change(connection: Connection, changes: Sequence[tuple[RowMapping, Outcome]], act: Act) -> None:
    """Put rows of `signals`, which the transaction has locked, into their outcomes' states, and record that."""
    rows = [_changed(row, outcome, act) for row, outcome in changes]
    update_rows(connection, tables.signals, ["signal_id"], rows)
    insert_rows(connection, tables.signal_transitions, [_step(row, outcome, act) for row, outcome in changes])


def _changed(row: RowMapping, outcome: Outcome, act: Act) -> dict[str, Any]:
    return {
        "signal_id": row["signal_id"],
        "state": outcome.state.value,
        "sender_id": outcome.sender_id,
        "updated_at": act.at,
        "reason": outcome.reason,
        "problem": outcome.problem,
        "standardised": outcome.standardised,
        "type": outcome.type,
        "reference": outcome.reference,
        "environment": outcome.environment,
        "format": outcome.format,
        "sent_at": outcome.sent_at,
        "supplement": outcome.supplement or row["supplement"],
        "attempts": row["attempts"] + (outcome.state is not SignalState.RECEIVED),
        "revision": row["revision"] + 1,
    }


def _step(row: RowMapping, outcome: Outcome, act: Act) -> dict[str, Any]:
    return {
        "signal_id": row["signal_id"],
        "number": row["revision"] + 1,
        "at": act.at,
        "actor": act.actor,
        "before": row["state"],
        "after": outcome.state.value,
        "reason": outcome.reason,
        "problem": outcome.problem,
    }


def signal_of_row(row: RowMapping) -> SignalRow:
    """A row of the table as a value."""
    fields = {name: row[name] for name in SignalRow.__dataclass_fields__}
    return SignalRow(**fields | {"state": SignalState(row["state"])})


def _raw(row: RowMapping) -> RawSignal:
    fields = {name: row[name] for name in RawSignal.__dataclass_fields__}
    return RawSignal(**fields | {"way_in": WayIn(row["way_in"])})


def _transition(row: RowMapping) -> Transition:
    fields = {name: row[name] for name in Transition.__dataclass_fields__}
    return Transition(**fields | {"before": SignalState(row["before"]), "after": SignalState(row["after"])})


def _no_signal(signal_id: str) -> NotFoundError:
    return NotFoundError(f"there is no signal {signal_id!r}", remedy="run `fund signals list`")
