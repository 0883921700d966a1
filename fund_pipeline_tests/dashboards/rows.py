"""Published rows of any owner, made from the tables' own columns."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, Date

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.dashboards import PREFIX, Build
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def build(number: int) -> Build:
    """A build, a minute after the one before."""
    return Build(f"build-{number}", 1, NOW.replace(minute=number % 60), NOW.replace(minute=number % 60))


def row(mart: str, number: int = 1, **fields: Any) -> dict[str, Any]:
    """A row with something in every column."""
    columns = tables.metadata.tables[f"{PREFIX}{mart}"].columns
    return {column.name: _value(column, number) for column in columns if column.name != "build_id"} | fields


def _value(column: Column[Any], number: int) -> Any:
    if isinstance(column.type, ExactDecimal):
        return Decimal(number) / 4
    if isinstance(column.type, UtcDateTime):
        return NOW
    if isinstance(column.type, Date):
        return date(2026, 1, 1 + number)
    if isinstance(column.type, BigInteger):
        return number
    return {"health": "OK", "time_zone": "UTC", "health_reasons": ""}.get(column.name, f"x{number}")
