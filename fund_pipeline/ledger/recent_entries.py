"""How many entry orders there were of late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.terms import OrderRole


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
