"""One batch: what waits is claimed, decided by the facts of that moment, and recorded with its orders as intents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from fund_pipeline.cerebro.sizing import BookEntry, SignalFacts, World, decide
from fund_pipeline.collector import collector_paused
from fund_pipeline.decisions.facts import Sources, gather
from fund_pipeline.decisions.signals import read_signal, references_of
from fund_pipeline.errors import FundError
from fund_pipeline.execution.recording import new_decision
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity, Trouble
from fund_pipeline.ledger.claims import claim
from fund_pipeline.ledger.decisions import NewDecision, StoredDecision
from fund_pipeline.ledger.fitting import misfit
from fund_pipeline.ledger.locks import exclusive
from fund_pipeline.ledger.order_model import SenderEntry
from fund_pipeline.ledger.settling import settle_batch
from fund_pipeline.ledger.signal_model import SignalRow, SignalState, Verdict
from fund_pipeline.ledger.unstorable import UnstorableError
from fund_pipeline.ledger.work_waiting import waiting_signals
from fund_pipeline.logs import get_logger

DECIDING = "deciding"
"""The lock under which batches follow one another: each must see what the one before has decided."""

AT_ONCE = 500
CHUNK = 100
"""Signals per transaction at most: on SQLite nothing can be accepted meanwhile."""

FIRST = 25
"""Signals in the first: its orders can be sent while the rest is decided. Each has twice as many as the one before."""

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


def nobody() -> None:
    """Hears that something was recorded, and does nothing."""


def decide_waiting(
    ledger: Ledger,
    sources: Sources,
    owner: str,
    now: Callable[[], datetime],
    *,
    limit: int = AT_ONCE,
    lease: timedelta = LEASE,
    recorded: Callable[[], None] = nobody,
) -> tuple[Settled, ...]:
    """Decide what waits, oldest first, at most `limit`; the orders are intents then, and nothing is sent.

    `owner` names the batch: a Dagster run's id. Running it twice decides nothing twice. A process that dies leaves its
    signals to be taken up when the lease is over. `recorded` is told after a transaction if its orders may be sent
    already: when no signal that waits can take back what was entered.

    Raises
    ------
    TemporaryError : the ledger is away, or another batch takes longer than half a minute.
    ConflictError : the lease was over before the batch was; who holds its signals decides them.
    """
    with exclusive(ledger, DECIDING, wait_seconds=WAIT_SECONDS), collector_paused():
        # Who holds a signal while we hold the lock has died: what came after it must not overtake it.
        rows = claim(ledger, owner, now(), lease, limit, held_too=True)
        if not rows:
            return ()
        more_wait = waiting_signals(ledger, now()).count > 0
        return _settled(ledger, sources, owner, rows, now, nobody if more_wait else recorded)


def aged(signal: SignalFacts, seconds: float) -> SignalFacts:
    """The signal as it is some seconds after it was read: brokers may have taken long to answer."""
    return replace(signal, age_seconds=signal.age_seconds + seconds)


def _settled(
    ledger: Ledger,
    sources: Sources,
    owner: str,
    rows: Sequence[SignalRow],
    now: Callable[[], datetime],
    recorded: Callable[[], None],
) -> tuple[Settled, ...]:
    references, read_at = references_of(ledger, rows), now()
    signals: dict[str, SignalFacts] = {}
    unread: dict[str, Verdict] = {}
    for row in rows:
        try:
            signals[row.signal_id] = read_signal(row, references, read_at)
        except FAULTS as fault:
            unread[row.signal_id] = _undecidable(row, fault)
    world = gather(ledger, sources, tuple(signals.values()), now)
    at = now()
    seconds = (at - read_at).total_seconds()
    batch = _Batch(ledger, owner, {name: aged(one, seconds) for name, one in signals.items()}, unread, at)
    may_take_back = {name for name, one in signals.items() if one.reads_book}
    settled: list[Settled] = []
    size = FIRST
    while len(settled) < len(rows):
        more, world = batch.settle(rows[len(settled) : len(settled) + size], world)
        settled += more
        if may_take_back.isdisjoint(row.signal_id for row in rows[len(settled) :]):
            recorded()
        size = min(2 * size, CHUNK)
    return tuple(settled)


class _Recordable(NamedTuple):
    """What was decided about one signal, as the ledger takes it."""

    decisions: tuple[NewDecision, ...]
    book: tuple[SenderEntry, ...]


@dataclass(frozen=True)
class _Batch:
    """Signals as they were read, those that could not be, and the moment as of which all of them are decided."""

    ledger: Ledger
    owner: str
    signals: Mapping[str, SignalFacts]
    unread: Mapping[str, Verdict]
    at: datetime

    def settle(self, rows: Sequence[SignalRow], before: World) -> tuple[list[Settled], World]:
        """Decide and record these in one transaction; what became of them, and the world they leave.

        Where the ledger refuses one of them, each is decided and recorded on its own, so that only that one is
        quarantined, and none after it is sized as if it were there.
        """
        problems = {row.signal_id: self.unread[row.signal_id] for row in rows if row.signal_id in self.unread}
        found: dict[str, _Recordable] = {}
        world = before
        for row in rows:
            if row.signal_id not in problems:
                world = self._decide(row, world, found, problems)
        try:
            return self._record(rows, found, problems), world
        except UnstorableError as refused:
            if len(rows) > 1:
                return self._settle_each(rows, before)
            (row,) = rows
            if row.signal_id not in found:
                raise
            return self._record(rows, {}, {row.signal_id: _undecidable(row, refused)}), before

    def _settle_each(self, rows: Sequence[SignalRow], world: World) -> tuple[list[Settled], World]:
        settled: list[Settled] = []
        for row in rows:
            more, world = self.settle([row], world)
            settled += more
        return settled, world

    def _decide(
        self, row: SignalRow, world: World, found: dict[str, _Recordable], problems: dict[str, Verdict]
    ) -> World:
        try:
            decided = decide(self.signals[row.signal_id], world)
            decisions = tuple(new_decision(one, self.owner, self.at) for one in decided.decisions)
            orders = [order for one in decisions for order in one.orders({})]
        except FAULTS as fault:
            problems[row.signal_id] = _undecidable(row, fault)
            return world
        book = tuple(_entry(one, row.received_at) for one in decided.book)
        why = misfit(orders, book)
        if why is not None:
            problems[row.signal_id] = _verdict("OUT_OF_RANGE", f"it cannot be kept: {why}", "send it in sane numbers")
            return world
        if decided.quarantine is not None:
            reason = decided.quarantine.reason
            because = decided.quarantine.figures.get("because", reason.meaning)
            problems[row.signal_id] = _verdict(reason.value, str(because), reason.remedy)
        found[row.signal_id] = _Recordable(decisions, book)
        return decided.world

    def _record(
        self, rows: Sequence[SignalRow], found: Mapping[str, _Recordable], problems: Mapping[str, Verdict]
    ) -> list[Settled]:
        verdicts = {row.signal_id: problems.get(row.signal_id, Verdict(SignalState.DECIDED)) for row in rows}
        decided = [found[row.signal_id] for row in rows if row.signal_id in found]
        stored = settle_batch(
            self.ledger,
            self.owner,
            [(row, verdicts[row.signal_id]) for row in rows],
            [decision for one in decided for decision in one.decisions],
            [entry for one in decided for entry in one.book],
            [_page(row, verdicts[row.signal_id]) for row in rows if row.signal_id in problems],
            self.at,
        )
        mine: dict[str, list[StoredDecision]] = {row.signal_id: [] for row in rows}
        for one in stored:
            mine[one.decision.signal_id].append(one)
        return [Settled(row, verdicts[row.signal_id], tuple(mine[row.signal_id])) for row in rows]


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
