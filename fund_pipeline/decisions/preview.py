"""What would be decided now, of all that waits: the same facts and the same rules, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fund_pipeline.cerebro.sizing import Decision, SignalFacts, decide
from fund_pipeline.decisions.batch import AT_ONCE, FAULTS, aged
from fund_pipeline.decisions.desk import TradingDesk
from fund_pipeline.decisions.facts import gather
from fund_pipeline.decisions.signals import read_signal, references_of
from fund_pipeline.ledger.signal_model import SignalRow, SignalState
from fund_pipeline.ledger.signals import list_signals

MOST = 100_000


@dataclass(frozen=True)
class Previewed:
    """One signal that waits: its decisions, one per fund, or why there would be none."""

    signal: SignalRow
    decisions: tuple[Decision, ...]
    problem: str = ""


def preview(desk: TradingDesk, now: Callable[[], datetime]) -> tuple[Previewed, ...]:
    """Decide what is STANDARDISED, oldest first, as one batch would, and record none of it.

    The brokers are asked, and what they say of their accounts is kept, as for a real batch: as snapshots and breaks.
    Signals, decisions and orders stay as they are. TemporaryError when the ledger is away.
    """
    waiting = list_signals(desk.ledger, state=SignalState.STANDARDISED, newest=MOST)
    rows = sorted(waiting, key=lambda one: (one.received_at, one.signal_id))[:AT_ONCE]
    if not rows:
        return ()
    at = now()
    references = references_of(desk.ledger, rows)
    signals: dict[str, SignalFacts] = {}
    problems: dict[str, str] = {}
    for row in rows:
        try:
            signals[row.signal_id] = read_signal(row, references, at)
        except FAULTS as fault:
            problems[row.signal_id] = _words(fault)
    world = gather(desk.ledger, desk.sources, tuple(signals.values()), now)
    seconds = (now() - at).total_seconds()
    found = []
    for row in rows:
        if row.signal_id not in signals:
            found.append(Previewed(row, (), problems[row.signal_id]))
            continue
        try:
            decided = decide(aged(signals[row.signal_id], seconds), world)
        except FAULTS as fault:
            found.append(Previewed(row, (), _words(fault)))
            continue
        refused = decided.quarantine
        because = "" if refused is None else f"{refused.reason.value}: {refused.reason.meaning}"
        found.append(Previewed(row, decided.decisions, because))
        world = decided.world
    return tuple(found)


def _words(fault: Exception) -> str:
    return f"UNDECIDABLE: the product failed to decide it ({type(fault).__name__})"
