"""What sizing asks of entry orders: how many there were of late, and what each signal's filled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import Position
from fund_pipeline.terms import OrderRole

Book = tuple[str, str, str]
"""Strategy, account and instrument."""


def count_recent_entries(ledger: Ledger, since: datetime) -> Mapping[str, int]:
    """How many entry orders were made since then, by strategy."""
    table, decided = tables.orders, tables.decisions
    query = (  # by way of decisions, which are indexed by time: orders are made when they are decided
        select(table.c.strategy, func.count())
        .join(decided, decided.c.decision_id == table.c.decision_id)
        .where(
            decided.c.fund_id.in_(select(tables.funds.c.fund_id)),
            decided.c.decided_at >= since,
            table.c.role == OrderRole.ENTRY.value,
        )
        .group_by(table.c.strategy)
    )
    with ledger_away(), ledger.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def entry_fills(ledger: Ledger, positions: Collection[Position]) -> Mapping[Book, Mapping[str, Decimal]]:
    """What each signal's entries filled since the position was flat, by position; not there where it is not known."""
    table = tables.orders
    asked = {(one.strategy, one.account_id, one.instrument_key): one.opened_by for one in positions}
    query = (
        select(table.c.strategy, table.c.account_id, table.c.instrument_key, table.c.signal_id, table.c.filled_quantity)
        .where(
            table.c.role == OrderRole.ENTRY.value,
            table.c.filled_quantity != Decimal(0),
            table.c.account_id.in_({one.account_id for one in positions}),
            table.c.instrument_key.in_({one.instrument_key for one in positions}),
        )
        .order_by(table.c.created_at, table.c.client_order_id)
    )
    found: dict[Book, dict[str, Decimal]] = {}
    with ledger_away(), ledger.reading() as connection:
        rows: Iterable[Any] = connection.execute(query)
        for strategy, account_id, instrument_key, signal_id, filled in rows:
            book = (strategy, account_id, instrument_key)
            first = asked.get(book)
            if first is None or (book not in found and signal_id != first):
                continue  # nobody knows, or it was of a position that has been closed since
            fills = found.setdefault(book, {})
            fills[signal_id] = fills.get(signal_id, Decimal(0)) + filled
    return found
