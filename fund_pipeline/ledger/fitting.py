"""What a table's columns can hold, asked before anything is written: one value must not fail a whole batch."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, String, Table
from sqlalchemy.dialects import postgresql

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.order_model import OrderRow, SenderEntry
from fund_pipeline.ledger.types import PRECISION, SCALE, ExactDecimal

_MOST = Decimal(10) ** (PRECISION - SCALE)
_MOST_INTEGER = 2**31
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def misfit(orders: Iterable[OrderRow], entries: Iterable[SenderEntry]) -> str | None:
    """The first value that the ledger cannot hold, and why, for a person; None where all fit."""
    for order in orders:
        if (why := _misfit(tables.orders, order)) is not None:
            return why
    for entry in entries:
        if (why := _misfit(tables.sender_entries, entry)) is not None:
            return why
    return None


def _misfit(table: Table, row: object) -> str | None:
    for column in table.columns:
        why = _why(column.type, getattr(row, column.name))
        if why is not None:
            return f"{table.name}.{column.name}: {why}"
    return None


def _why(kind: object, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(kind, ExactDecimal):
        try:
            kind.process_bind_param(value, _DIALECT)
        except (TypeError, ValueError) as refused:
            return str(refused)
        return f"{value:.6e} is too large" if abs(value) >= _MOST else None
    if isinstance(kind, String) and kind.length is not None and len(value) > kind.length:
        return f"{value[:80]!r} is longer than {kind.length} characters"
    if isinstance(kind, Integer) and abs(value) >= _MOST_INTEGER:
        return f"{value} is too large"
    return None
