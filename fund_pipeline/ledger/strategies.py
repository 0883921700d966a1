"""The strategy registry in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.model import Strategy, StrategyStatus, TradingMode
from fund_pipeline.terms import SizingMode


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
        raise _unknown(strategy_id)
    return _strategy(row)


def put_strategy(ledger: Ledger, strategy: Strategy, act: Act) -> bool:
    """Add or change a strategy, audited. Returns False when it already was exactly so."""
    with ledger.writing() as connection:
        held = _held(connection, strategy.strategy_id)
        if held == strategy:
            return False
        if held is None:
            _insert(connection, strategy, act)
        else:
            _update(connection, strategy, act)
    return True


def add_strategy(ledger: Ledger, strategy: Strategy, act: Act) -> None:
    """Add a strategy, audited. ConflictError when its id is taken: of several at once, one succeeds."""
    with ledger.writing() as connection:
        try:
            _insert(connection, strategy, act)
        except IntegrityError:
            raise ConflictError(
                f"strategy {strategy.strategy_id!r} is registered already",
                remedy=f"change it: `fund strategies set {strategy.strategy_id}`, or PUT over HTTP",
            ) from None


def change_strategy(ledger: Ledger, strategy_id: str, change: Callable[[Strategy], Strategy], act: Act) -> Strategy:
    """Let `change` make another value of a strategy, which is stored and audited unless it is the same; return it.

    Nobody else can change this strategy meanwhile. What `change` raises leaves it as it was. NotFoundError.
    """
    with ledger.writing() as connection:
        held = _held(connection, strategy_id)
        if held is None:
            raise _unknown(strategy_id)
        after = replace(change(held), strategy_id=strategy_id)
        if after != held:
            _update(connection, after, act)
    return after


def note_strategy(ledger: Ledger, strategy_id: str, action: str, detail: Mapping[str, Any], act: Act) -> None:
    """Audit what was asked of a strategy without changing its row."""
    with ledger.writing() as connection:
        audit.record(connection, act, action, "strategy", strategy_id, detail)


def _unknown(strategy_id: str) -> NotFoundError:
    return NotFoundError(
        f"strategy {strategy_id!r} is not in the registry",
        remedy=f"run `fund strategies list`, or add it with `fund strategies add {strategy_id}`",
    )


def _held(connection: Connection, strategy_id: str) -> Strategy | None:
    query = select(tables.strategies).where(tables.strategies.c.strategy_id == strategy_id).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _strategy(row)


def _insert(connection: Connection, strategy: Strategy, act: Act) -> None:
    values = _values(strategy)
    connection.execute(insert(tables.strategies).values(created_at=act.at, updated_at=act.at, **values))
    _record(connection, "strategy_added", values, act)


def _update(connection: Connection, strategy: Strategy, act: Act) -> None:
    values, key = _values(strategy), tables.strategies.c.strategy_id == strategy.strategy_id
    connection.execute(update(tables.strategies).where(key).values(updated_at=act.at, **values))
    _record(connection, "strategy_changed", values, act)


def _record(connection: Connection, action: str, values: Mapping[str, Any], act: Act) -> None:
    detail = {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    audit.record(connection, act, action, "strategy", values["strategy_id"], detail)


def _values(strategy: Strategy) -> dict[str, Any]:
    return asdict(strategy) | {"accounts": list(strategy.accounts), "risk_limits": dict(strategy.risk_limits)}


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
