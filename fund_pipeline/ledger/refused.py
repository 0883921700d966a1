"""Signals that were refused although their sender was accepted: one row for each, append-only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.dialects import postgresql, sqlite

from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.inbox import Place, store_raw, taking_turns
from fund_pipeline.ledger.signal_model import RawSignal, Stored, WayIn

REPLAYED = "refused_replayed"
COLUMNS = tuple(column.name for column in tables.refused_signals.c)


@dataclass(frozen=True)
class RefusedSignal:
    """What an accepted sender sent that was answered with a 4xx.

    Attributes
    ----------
    refused_id : a function of the sender, the content and the reason.
    reason, problem : code, and plain values of the problem: field, value, message, remedy.
    payload : JSON text without the passphrase.
    received_at : UTC; of the first, where it was sent again.
    replayed_as : id of the signal that it became when a person replayed it, as the audit log says; None before.
    """

    refused_id: str
    sender_id: str
    reason: str
    problem: Mapping[str, Any]
    payload: str = field(repr=False)
    way_in: WayIn
    received_at: datetime
    request_id: str
    replayed_as: str | None = None


def store_refused(ledger: Ledger, refused: RefusedSignal) -> bool:
    """Store what was refused; False where it is there already. TemporaryError when the database does not answer."""
    row = {name: getattr(refused, name) for name in COLUMNS}
    row |= {"problem": dict(refused.problem), "way_in": refused.way_in.value}
    insert = (sqlite if ledger.is_sqlite else postgresql).insert
    statement = insert(tables.refused_signals).values(row).on_conflict_do_nothing(index_elements=["refused_id"])
    with ledger_away(), taking_turns(ledger), ledger.writing() as connection:
        return connection.execute(statement).rowcount == 1


def get_refused(ledger: Ledger, refused_id: str) -> RefusedSignal:
    """One of them, or NotFoundError."""
    table, log = tables.refused_signals, tables.audit
    told = select(log.c.detail).where(_is_replay(), log.c.entity_id == refused_id).order_by(log.c.sequence).limit(1)
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(select(table).where(table.c.refused_id == refused_id)).mappings().one_or_none()
        replay = connection.execute(told).scalar_one_or_none()
    if row is None:
        raise NotFoundError(f"there is no refused signal {refused_id!r}", remedy="run `fund signals quarantine`")
    return _refused(row, None if replay is None else str(replay["signal_id"]))


def list_refused(ledger: Ledger, *, strategy: str | None = None, newest: int = 100) -> tuple[RefusedSignal, ...]:
    """Those that nobody has replayed, newest first: of what names a strategy, at most so many."""
    table, log = tables.refused_signals, tables.audit
    replayed = select(log.c.sequence).where(_is_replay(), log.c.entity_id == table.c.refused_id).exists()
    query = select(table).where(~replayed).order_by(table.c.received_at.desc(), table.c.refused_id.desc()).limit(newest)
    if strategy is not None:
        # Payloads are written in one way: keys sorted, no white space, ASCII.
        query = query.where(table.c.payload.contains(f'"strategy_name":{json.dumps(strategy)}', autoescape=True))
    with ledger_away(), ledger.reading() as connection:
        return tuple(_refused(row) for row in connection.execute(query).mappings())


def store_replayed(ledger: Ledger, refused_id: str, raw: RawSignal, place: Place, act: Act) -> Stored:
    """Store a refused signal that passes now, as `store_raw` does, and audit who replayed it, in one transaction."""

    def told(connection: Connection, stored: Stored) -> None:
        audit.record(connection, act, REPLAYED, "signal", refused_id, {"signal_id": stored.signal_id})

    return store_raw(ledger, raw, place, told)


def _is_replay() -> Any:
    return (tables.audit.c.entity == "signal") & (tables.audit.c.action == REPLAYED)


def _refused(row: RowMapping, replayed_as: str | None = None) -> RefusedSignal:
    fields = {name: row[name] for name in COLUMNS}
    return RefusedSignal(**fields | {"way_in": WayIn(row["way_in"])}, replayed_as=replayed_as)
