"""What was admitted for each strategy, and which flagged dates a person accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update

from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.model import BacktestSummary, DatesAcceptance


def list_summaries(ledger: Ledger) -> tuple[BacktestSummary, ...]:
    """The admitted backtest of every strategy that has one, by strategy id."""
    query = select(tables.backtest_summaries).order_by(tables.backtest_summaries.c.strategy_id)
    with ledger.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(BacktestSummary(**{**row, "warnings": tuple(row["warnings"])}) for row in rows)


def put_summaries(ledger: Ledger, summaries: Sequence[BacktestSummary], act: Act) -> None:
    """Replace the summaries of these strategies in one transaction, audited."""
    if not summaries:
        return
    table = tables.backtest_summaries
    with ledger.writing() as connection:
        connection.execute(delete(table).where(table.c.strategy_id.in_([s.strategy_id for s in summaries])))
        columns = [column.name for column in table.columns]
        connection.execute(
            insert(table),
            [
                {name: getattr(s, name) for name in columns}
                | {"warnings": [dict(w) for w in s.warnings], "statistics": dict(s.statistics)}
                for s in summaries
            ],
        )
        for s in summaries:
            detail = {"file": s.source_file, "content_hash": s.content_hash, "days": s.days, "unit": s.unit}
            audit.record(connection, act, "backtest_admitted", "strategy", s.strategy_id, detail)


def put_statistics(ledger: Ledger, statistics: Mapping[str, Mapping[str, Any]]) -> None:
    """Store each strategy's statistics beside its backtest summary."""
    table = tables.backtest_summaries
    with ledger.writing() as connection:
        for strategy_id, figures in statistics.items():
            connection.execute(update(table).where(table.c.strategy_id == strategy_id).values(statistics=dict(figures)))


def list_acceptances(ledger: Ledger) -> tuple[DatesAcceptance, ...]:
    """Every acceptance of dates that was given."""
    with ledger.reading() as connection:
        rows = connection.execute(select(tables.dates_acceptances)).mappings().all()
    return tuple(DatesAcceptance(**row) for row in rows)


def accept_dates(ledger: Ledger, acceptance: DatesAcceptance, act: Act) -> bool:
    """Record that a person accepts the dates of one content. False if it was accepted before."""
    table = tables.dates_acceptances
    same = (table.c.strategy_id == acceptance.strategy_id) & (table.c.content_hash == acceptance.content_hash)
    with ledger.writing() as connection:
        if connection.execute(select(table.c.strategy_id).where(same)).first() is not None:
            return False
        connection.execute(insert(table).values(**acceptance.__dict__))
        detail = {"content_hash": acceptance.content_hash, "note": acceptance.note, "by": acceptance.accepted_by}
        audit.record(connection, act, "dates_accepted", "strategy", acceptance.strategy_id, detail)
    return True
