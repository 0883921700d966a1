"""A batch whole or not at all: its decisions and orders, the senders' books and the signals' states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.exc import StatementError

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.account_model import Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.claims import settle
from fund_pipeline.ledger.decisions import NewDecision, StoredDecision, write_decisions
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import SenderEntry
from fund_pipeline.ledger.sender_book import write_entries
from fund_pipeline.ledger.signal_model import SignalRow, Verdict


class UnstorableError(InvariantError):
    """What was decided does not fit the ledger, for reasons of its own: tried again, it would not fit either."""


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
    try:
        with ledger_away(), ledger.writing() as connection:
            settle(connection, owner, settled, now)
            stored = write_decisions(connection, decided)
            write_entries(connection, entries)
            for trouble in troubles:
                raise_alert(connection, trouble, now)
            return stored
    except StatementError as refused:
        why = str(refused.orig).strip().partition("\n")[0]
        raise UnstorableError(
            f"the ledger refuses what was decided: {why}", remedy="report it to a developer"
        ) from None
