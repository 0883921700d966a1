"""The inbox: what was received, stored once, in one transaction, by looks at indexes only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock

from sqlalchemy import Connection, Select, exists, insert, literal, select, text, union_all, update

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.signal_model import Known, Outcome, Placement, RawSignal, SignalState, Stored, WayIn
from fund_pipeline.ledger.signals import change
from fund_pipeline.logs import get_logger

log = get_logger(__name__)

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_TURNS = Lock()
ACTOR = "inbox"
RETURNING = frozenset({SignalState.STANDARDISED, SignalState.QUARANTINED, SignalState.REJECTED})
"""States in which a signal was read and is not decided."""

Place = Callable[[tuple[Known, ...]], Placement]


def store_raw(
    ledger: Ledger, raw: RawSignal, place: Place, also: Callable[[Connection, Stored], None] | None = None
) -> Stored:
    """Store a signal as RECEIVED, unless `place` says which stored one it is: then it is counted as a resend of that.

    `place` is given at most three of those with the same strategy and sender's id: the one of the same digest, one that
    is the same over the hook, and any one. Where it says so, what came in is kept as the whole of which the hook passed
    on a part, and the signal is RECEIVED again unless it is CLAIMED or DECIDED.

    Nobody else can store one of that id meanwhile. What it raises leaves nothing behind, and `also` is done in the same
    transaction. TemporaryError when the database does not answer: it may or may not be stored, and storing it again is
    harmless. ConfigurationError when the ledger is not set up.
    """
    with ledger_away(), taking_turns(ledger), ledger.writing() as connection:
        if not ledger.is_sqlite:  # whose write transactions follow one another anyway
            connection.execute(ONE_AT_A_TIME, {"key": f"signal\n{raw.strategy}\n{raw.sender_signal_id}"})
        placement = place(_known(connection, raw))
        late = False
        if placement.same_as is not None:
            _count_resend(connection, raw, placement.same_as)
            if placement.supplement is not None:
                late = _supplement(connection, raw, placement.same_as, placement.supplement, reread=placement.reread)
        else:
            connection.execute(insert(tables.raw_signals), _raw_row(raw, placement))
            connection.execute(insert(tables.signals), _first_row(raw))
        stored = Stored(placement.same_as or raw.signal_id, duplicate=placement.same_as is not None)
        if also is not None:
            also(connection, stored)
    if late:
        log.warning("the whole of a signal came in after its part was claimed or decided", signal_id=stored.signal_id)
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
    return tuple(_with_supplement(connection, raw, one) for one in dict.fromkeys(found))


def _with_supplement(connection: Connection, raw: RawSignal, known: Known) -> Known:
    """Asked for only where the hook passed on a part of what comes in. The row stays locked: a reader may write it."""
    if raw.way_in is WayIn.HOOK or known.way_in is not WayIn.HOOK or known.hook_digest != raw.hook_digest:
        return known
    table = tables.signals
    query = select(table.c.supplement).where(table.c.signal_id == known.signal_id).with_for_update()
    return replace(known, supplement=connection.execute(query).scalar_one())


def _supplement(connection: Connection, raw: RawSignal, signal_id: str, supplement: str, *, reread: bool) -> bool:
    """Keep the whole of a signal and have it read again; whether it is too late for that."""
    table = tables.signals
    row = connection.execute(select(table).where(table.c.signal_id == signal_id)).mappings().one()
    state, sender_id = SignalState(row["state"]), raw.sender_id or row["sender_id"]
    if reread and state in RETURNING:
        # What waited on the spool came in before the changes that were recorded meanwhile.
        act = Act(ACTOR, max(raw.received_at, row["updated_at"]))
        change(connection, [(row, Outcome(SignalState.RECEIVED, sender_id, supplement=supplement))], act)
        return False
    values = {"supplement": supplement} | ({"sender_id": sender_id} if state is SignalState.RECEIVED else {})
    connection.execute(update(table).where(table.c.signal_id == signal_id).values(values))
    return reread and state is not SignalState.RECEIVED


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
