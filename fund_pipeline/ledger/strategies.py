"""The strategy registry in the ledger."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.model import SizingMode, Strategy, StrategyStatus, TradingMode


def list_strategies(ledger: Ledger) -> tuple[Strategy, ...]:
    """All strategies, by id."""
    with ledger.reading() as connection:
        query = select(tables.strategies).order_by(tables.strategies.c.strategy_id)
        return tuple(_strategy(row) for row in connection.execute(query).mappings())


def get_strategy(ledger: Ledger, strategy_id: str) -> Strategy:
    """One strategy, or NotFoundError."""
    with ledger.reading() as connection:
        query = select(tables.strategies).where(tables.strategies.c.strategy_id == strategy_id)
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(
            f"strategy {strategy_id!r} is not in the registry",
            remedy=f"run `fund strategies list`, or add it with `fund strategies add {strategy_id}`",
        )
    return _strategy(row)


def put_strategy(ledger: Ledger, strategy: Strategy, act: Act) -> bool:
    """Add or change a strategy, audited. Returns False when it already was exactly so."""
    values = asdict(strategy) | {"accounts": list(strategy.accounts), "risk_limits": dict(strategy.risk_limits)}
    key = tables.strategies.c.strategy_id == strategy.strategy_id
    with ledger.writing() as connection:
        row = connection.execute(select(tables.strategies).where(key)).mappings().one_or_none()
        if row is not None and _strategy(row) == strategy:
            return False
        if row is None:
            connection.execute(insert(tables.strategies).values(created_at=act.at, updated_at=act.at, **values))
        else:
            connection.execute(update(tables.strategies).where(key).values(updated_at=act.at, **values))
        audit.record(
            connection,
            act,
            "strategy_added" if row is None else "strategy_changed",
            "strategy",
            strategy.strategy_id,
            {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()},
        )
    return True


def _strategy(row: RowMapping) -> Strategy:
    fields: dict[str, Any] = {name: row[name] for name in Strategy.__dataclass_fields__}
    return Strategy(
        **fields
        | {
            "status": StrategyStatus(row["status"]),
            "trading_mode": TradingMode(row["trading_mode"]),
            "sizing": SizingMode(row["sizing"]),
            "accounts": tuple(row["accounts"]),
        }
    )
