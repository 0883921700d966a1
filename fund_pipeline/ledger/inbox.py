"""The inbox: what was received, stored once, in one transaction, by looks at indexes only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection, Select, exists, insert, literal, select, text, union_all

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.signal_model import Known, Placement, RawSignal, SignalState, Stored, WayIn

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_TURNS = Lock()


Place = Callable[[tuple[Known, ...]], Placement]


def store_raw(
    ledger: Ledger, raw: RawSignal, place: Place, also: Callable[[Connection, Stored], None] | None = None
) -> Stored:
    """Store a signal as RECEIVED, unless `place` says which stored one it is: then it is counted as a resend of that.

    `place` is given at most three of those with the same strategy and sender's id: the one of the same digest, one that
    is the same over the hook, and any one. Nobody else can store one of that id meanwhile. What it raises leaves
    nothing behind, and `also` is done in the same transaction. TemporaryError when the database does not answer: it may
    or may not be stored, and storing it again is harmless. ConfigurationError when the ledger is not set up.
    """
    with ledger_away(), taking_turns(ledger), ledger.writing() as connection:
        if not ledger.is_sqlite:  # whose write transactions follow one another anyway
            connection.execute(ONE_AT_A_TIME, {"key": f"signal\n{raw.strategy}\n{raw.sender_signal_id}"})
        placement = place(_known(connection, raw))
        if placement.same_as is not None:
            _count_resend(connection, raw, placement.same_as)
        else:
            connection.execute(insert(tables.raw_signals), _raw_row(raw, placement))
            connection.execute(insert(tables.signals), _first_row(raw))
        stored = Stored(placement.same_as or raw.signal_id, duplicate=placement.same_as is not None)
        if also is not None:
            also(connection, stored)
    return stored


def _count_resend(connection: Connection, raw: RawSignal, signal_id: str) -> None:
    """Count it, unless this very arrival is known: after a crash what is on the spool is stored a second time."""
    arrived = {"way_in": raw.way_in.value, "received_at": raw.received_at, "request_id": raw.request_id}
    known = [
        exists().where(table.c.signal_id == signal_id, *(table.c[name] == value for name, value in arrived.items()))
        for table in (tables.raw_signals, tables.signal_resends)
    ]
    table = tables.signal_resends
    values = (literal(value, table.c[name].type).label(name) for name, value in arrived.items())
    row = select(literal(signal_id).label("signal_id"), *values).where(*(~one for one in known))
    connection.execute(insert(table).from_select(["signal_id", *arrived], row))


@contextmanager
def taking_turns(ledger: Ledger) -> Iterator[None]:
    """SQLite has writers poll for its lock, the unlucky for long: those of one process take turns instead."""
    if not ledger.is_sqlite:
        yield
        return
    with _TURNS:
        yield


def _known(connection: Connection, raw: RawSignal) -> tuple[Known, ...]:
    table = tables.raw_signals
    same_id = select(table.c.signal_id, table.c.digest, table.c.hook_digest, table.c.way_in).where(
        table.c.strategy == raw.strategy, table.c.sender_signal_id == raw.sender_signal_id
    )
    same_over_hook = same_id.where(table.c.hook_digest == raw.hook_digest)
    if raw.way_in is not WayIn.HOOK:
        same_over_hook = same_over_hook.where(table.c.way_in == WayIn.HOOK.value)
    asked = (same_id.where(table.c.digest == raw.digest), same_over_hook, same_id)
    rows = connection.execute(union_all(*(_first(query) for query in asked))).mappings()
    found = (Known(row["signal_id"], row["digest"], row["hook_digest"], WayIn(row["way_in"])) for row in rows)
    return tuple(dict.fromkeys(found))


def _first(query: Select[tuple[str, str, str, str]]) -> Select[tuple[str, str, str, str]]:
    return select(query.limit(1).subquery())


def _raw_row(raw: RawSignal, placement: Placement) -> dict[str, object]:
    row = {name: getattr(raw, name) for name in RawSignal.__dataclass_fields__}
    return row | {"headers": dict(raw.headers), "way_in": raw.way_in.value, "repeats": placement.repeats}


def _first_row(raw: RawSignal) -> dict[str, object]:
    return {
        "signal_id": raw.signal_id,
        "sender_id": raw.sender_id,
        "strategy": raw.strategy,
        "sender_signal_id": raw.sender_signal_id,
        "state": SignalState.RECEIVED.value,
        "received_at": raw.received_at,
        "updated_at": raw.received_at,
        "attempts": 0,
        "revision": 0,
    }
