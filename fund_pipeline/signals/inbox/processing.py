"""From RECEIVED to what can be decided, or to quarantine, and again after a fix. Running it twice changes nothing."""

from __future__ import annotations

from datetime import datetime

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger import signals as rows
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.signals.inbox.model import Counts, Explanation
from fund_pipeline.signals.inbox.reading import Reader

ACTOR = "inbox"
AT_ONCE = 50
"""Signals per transaction: on SQLite nothing can be accepted meanwhile."""


def process_pending(ledger: Ledger, reader: Reader, now: datetime, limit: int = 500) -> Counts:
    """Read what is RECEIVED, oldest first, at most `limit`; each transaction settles its signals or none.

    Any number of processes may do so at once. A crash leaves the rest RECEIVED. TemporaryError when the ledger is away.
    """
    settled: list[SignalState] = []
    while len(settled) < limit:
        done = rows.settle_pending(ledger, reader.read, Act(ACTOR, now), min(AT_ONCE, limit - len(settled)))
        if not done:
            break
        settled += done
    return Counts.of(settled)


def replay(ledger: Ledger, signal_id: str, reader: Reader, act: Act) -> Explanation:
    """Read a QUARANTINED signal again, as after a fix, and say what it came to.

    NotFoundError; ConflictError for a signal in another state.
    """
    rows.return_to_received(ledger, signal_id, act)
    rows.settle_pending(ledger, reader.read, act, 1, only=signal_id)
    return explain(ledger, signal_id)


def explain(ledger: Ledger, signal_id: str) -> Explanation:
    """What became of a signal. NotFoundError."""
    return Explanation(*rows.get_signal(ledger, signal_id))
