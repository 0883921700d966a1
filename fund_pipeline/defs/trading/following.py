"""Which orders are still asked after: those that live, and those that ended so lately that a fill may be on its way."""

from __future__ import annotations

from datetime import timedelta

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.work_waiting import count_orders_to_follow

LATE_FILLS = timedelta(minutes=10)
"""How long after its end an order is still asked after: a fill may come after the word that it was cancelled."""


def count_followed(ledger: Ledger) -> int:
    """How many orders the sensor `follow_orders` asks after now."""
    return count_orders_to_follow(ledger, utc_now() - LATE_FILLS)
