"""One batch: what waits is claimed, decided by the facts of that moment, and recorded with its orders as intents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fund_pipeline.cerebro.sizing import BookEntry, Decided, SignalFacts, World, decide
from fund_pipeline.decisions.facts import Sources, gather
from fund_pipeline.decisions.signals import read_signal, references_of
from fund_pipeline.errors import FundError
from fund_pipeline.execution.recording import new_decision
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity, Trouble
from fund_pipeline.ledger.claims import claim
from fund_pipeline.ledger.decisions import StoredDecision
from fund_pipeline.ledger.fitting import misfit
from fund_pipeline.ledger.locks import exclusive
from fund_pipeline.ledger.order_model import SenderEntry
from fund_pipeline.ledger.settling import UnstorableError, settle_batch
from fund_pipeline.ledger.signal_model import SignalRow, SignalState, Verdict
from fund_pipeline.logs import get_logger

DECIDING = "deciding"
"""The lock under which batches follow one another: each must see what the one before has decided."""

AT_ONCE = 500
CHUNK = 100
"""Signals per transaction: on SQLite nothing can be accepted meanwhile."""

LEASE = timedelta(minutes=2)
WAIT_SECONDS = 30.0

FAULTS = (FundError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a fault of ours in pure code can raise. One signal that meets it must not stop the exits behind it."""

log = get_logger(__name__)


@dataclass(frozen=True)
class Settled:
    """What became of one signal: its decisions, one per fund, or the verdict without any."""

    signal: SignalRow
    verdict: Verdict
    decisions: tuple[StoredDecision, ...]


def decide_waiting(
    ledger: Ledger,
    sources: Sources,
    owner: str,
    now: Callable[[], datetime],
    *,
    limit: int = AT_ONCE,
    lease: timedelta = LEASE,
) -> tuple[Settled, ...]:
    """Decide what waits, oldest first, at most `limit`; the orders are intents then, and nothing is sent.

    `owner` names the batch: a Dagster run's id. Running it twice decides nothing twice. A process that dies leaves its
    signals to be taken up when the lease is over.

    Raises
    ------
    TemporaryError : the ledger is away, or another batch takes longer than half a minute.
    ConflictError : the lease was over before the batch was; who holds its signals decides them.
    """
    with exclusive(ledger, DECIDING, wait_seconds=WAIT_SECONDS):
        # Who holds a signal while we hold the lock has died: what came after it must not overtake it.
        rows = claim(ledger, owner, now(), lease, limit, held_too=True)
        return tuple(_settled(ledger, sources, owner, rows, now())) if rows else ()


def _settled(
    ledger: Ledger, sources: Sources, owner: str, rows: Sequence[SignalRow], now: datetime
) -> Iterator[Settled]:
    references = references_of(ledger, rows)
    signals: dict[str, SignalFacts] = {}
    problems: dict[str, Verdict] = {}
    for row in rows:
        try:
            signals[row.signal_id] = read_signal(row, references, now)
        except FAULTS as fault:
            problems[row.signal_id] = _undecidable(row, fault)
    world = gather(ledger, sources, tuple(signals.values()), now)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        found: dict[str, Decided] = {}
        for row in chunk:
            if row.signal_id not in problems:
                world = _decide(row, signals[row.signal_id], world, found, problems, owner, now)
        yield from _record(ledger, owner, chunk, found, problems, now)


def _decide(
    row: SignalRow,
    signal: SignalFacts,
    world: World,
    found: dict[str, Decided],
    problems: dict[str, Verdict],
    owner: str,
    now: datetime,
) -> World:
    try:
        decided = decide(signal, world)
        orders = [order for one in decided.decisions for order in new_decision(one, owner, now).orders({})]
    except FAULTS as fault:
        problems[row.signal_id] = _undecidable(row, fault)
        return world
    why = misfit(orders, [_entry(one, row.received_at) for one in decided.book])
    if why is not None:
        problems[row.signal_id] = _verdict("OUT_OF_RANGE", f"it cannot be kept: {why}", "send it in sane numbers")
        return world
    if decided.quarantine is not None:
        reason = decided.quarantine.reason
        because = decided.quarantine.figures.get("because", reason.meaning)
        problems[row.signal_id] = _verdict(reason.value, str(because), reason.remedy)
    found[row.signal_id] = decided
    return decided.world


def _record(
    ledger: Ledger,
    owner: str,
    rows: Sequence[SignalRow],
    found: Mapping[str, Decided],
    problems: Mapping[str, Verdict],
    now: datetime,
) -> Iterator[Settled]:
    verdicts = {row.signal_id: problems.get(row.signal_id, Verdict(SignalState.DECIDED)) for row in rows}
    decisions = [one for row in rows if row.signal_id in found for one in found[row.signal_id].decisions]
    entries = [
        _entry(one, row.received_at) for row in rows if row.signal_id in found for one in found[row.signal_id].book
    ]
    try:
        stored = settle_batch(
            ledger,
            owner,
            [(row, verdicts[row.signal_id]) for row in rows],
            [new_decision(one, owner, now) for one in decisions],
            entries,
            [_page(row, verdicts[row.signal_id]) for row in rows if row.signal_id in problems],
            now,
        )
    except UnstorableError as refused:
        yield from _record_each(ledger, owner, rows, found, problems, refused, now)
        return
    for row in rows:
        mine = tuple(one for one in stored if one.decision.signal_id == row.signal_id)
        yield Settled(row, verdicts[row.signal_id], mine)


def _record_each(
    ledger: Ledger,
    owner: str,
    rows: Sequence[SignalRow],
    found: Mapping[str, Decided],
    problems: Mapping[str, Verdict],
    refused: UnstorableError,
    now: datetime,
) -> Iterator[Settled]:
    """One by one, so that the one that cannot be stored is quarantined alone."""
    if len(rows) > 1:
        for row in rows:
            yield from _record(ledger, owner, [row], found, problems, now)
        return
    (row,) = rows
    if row.signal_id not in found:
        raise refused
    yield from _record(ledger, owner, rows, {}, {row.signal_id: _undecidable(row, refused)}, now)


def _undecidable(row: SignalRow, fault: Exception) -> Verdict:
    log.error("a signal could not be decided", signal_id=row.signal_id, fault=repr(fault))
    words = f"the product failed to decide the signal: {type(fault).__name__}"
    return _verdict("UNDECIDABLE", words, "report it to a developer with the signal's id, and replay it after the fix")


def _verdict(reason: str, message: str, remedy: str) -> Verdict:
    problem = {"reason": reason, "field": "", "value": None, "message": message, "remedy": remedy}
    return Verdict(SignalState.QUARANTINED, reason, problem)


def _page(row: SignalRow, verdict: Verdict) -> Trouble:
    problem = verdict.problem or {}
    return Trouble(
        severity=Severity.CRITICAL,
        kind="SIGNAL_QUARANTINED",
        entity="signal",
        entity_id=row.signal_id,
        message=f"signal {row.signal_id} of {row.strategy} was not decided: {problem.get('message', verdict.reason)}",
        remedy=f"{problem.get('remedy', '')}; `fund signals show {row.signal_id}`",
        detail={"reason": verdict.reason},
    )


def _entry(entry: BookEntry, received_at: datetime) -> SenderEntry:
    return SenderEntry(**{name: getattr(entry, name) for name in BookEntry.__dataclass_fields__}, at=received_at)
