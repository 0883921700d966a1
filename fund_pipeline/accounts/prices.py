"""Prices of what is held, by the last snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.snapshots import snapshots_at


def prices_at(ledger: Ledger, fund_id: str, mode: TradingMode, moment: datetime) -> Mapping[tuple[str, str], Decimal]:
    """By account and instrument, as the last snapshot up to a moment marks it; what it does not mark is left out."""
    heard = (one.snapshot for one in snapshots_at(ledger, fund_id, mode, moment))
    return {
        (snapshot.account_id, key): mark.price
        for snapshot in heard
        if snapshot is not None
        for key, mark in (snapshot.marks or {}).items()
        if mark.price is not None
    }
