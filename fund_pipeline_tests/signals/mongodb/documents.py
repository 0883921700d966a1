"""Documents as the collector's webhook stores them, and what of them is in a ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.tables import raw_signals
from fund_pipeline_tests.signals.inboxes import entry

RECEIVED = datetime(2026, 3, 2, 15, 0, 1, tzinfo=UTC)


def collected(signal_id: str = "id-1", **fields: object) -> dict[str, Any]:
    """An entry with the collector's own fields."""
    own = {"received_at": RECEIVED, "signal_processed": False, "api_endpoint": "staging.example.org"}
    return entry(signal_id) | own | fields


def names_in(ledger: Ledger) -> list[str]:
    """The sender's ids of everything in the inbox, in order of receipt."""
    query = select(raw_signals.c.sender_signal_id).order_by(raw_signals.c.received_at)
    with ledger.reading() as connection:
        return list(connection.execute(query).scalars())
