"""A batch whole or not at all: its decisions and orders, the senders' books and the signals' states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from fund_pipeline.ledger.account_model import Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.claims import settle
from fund_pipeline.ledger.decisions import NewDecision, StoredDecision, write_decisions
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import SenderEntry
from fund_pipeline.ledger.sender_book import write_entries
from fund_pipeline.ledger.signal_model import SignalRow, Verdict
from fund_pipeline.ledger.unstorable import unstorable

WHAT = "what was decided"


def settle_batch(
    ledger: Ledger,
    owner: str,
    settled: Sequence[tuple[SignalRow, Verdict]],
    decided: Sequence[NewDecision],
    entries: Iterable[SenderEntry],
    troubles: Iterable[Trouble],
    now: datetime,
) -> tuple[StoredDecision, ...]:
    """Store what was decided about signals that `owner` holds, and let go of them.

    Nothing is stored, and they are held as before, on ConflictError: another holds one of them by now;
    UnstorableError: one of them is such that it cannot be stored; TemporaryError: the ledger is away.
    """
    with unstorable(WHAT), ledger_away(), ledger.writing() as connection:
        settle(connection, owner, settled, now)
        stored = write_decisions(connection, decided)
        write_entries(connection, entries)
        for trouble in troubles:
            raise_alert(connection, trouble, now)
        return stored


def store_alone(ledger: Ledger, new: NewDecision) -> StoredDecision:
    """Store one decision, of a signal that was let go of, on its own. UnstorableError, TemporaryError."""
    with unstorable(WHAT), ledger_away(), ledger.writing() as connection:
        (stored,) = write_decisions(connection, [new])
        return stored
