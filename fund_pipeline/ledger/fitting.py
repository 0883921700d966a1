"""What a table's columns can hold, asked before anything is written: one value must not fail a whole batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Integer, String, Table
from sqlalchemy.dialects import postgresql

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.order_model import OrderRow, SenderEntry
from fund_pipeline.ledger.types import PRECISION, SCALE, ExactDecimal

_MOST = Decimal(10) ** (PRECISION - SCALE)
_MOST_INTEGER = 2**31
Check = Callable[[Any], str | None]

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
    for name, check in _checks(table):
        value = getattr(row, name)
        why = None if value is None else check(value)
        if why is not None:
            return f"{table.name}.{name}: {why}"
    return None


@lru_cache
def _checks(table: Table) -> tuple[tuple[str, Check], ...]:
    """How each column that has a bound says what is wrong with a value."""
    found = ((column.name, _check(column.type)) for column in table.columns)
    return tuple((name, check) for name, check in found if check is not None)


def _check(kind: object) -> Check | None:
    if isinstance(kind, ExactDecimal):
        return partial(_decimal, kind)
    if isinstance(kind, String) and kind.length is not None:
        return partial(_text, kind.length)
    return _whole if isinstance(kind, Integer) else None


def _decimal(kind: ExactDecimal, value: Any) -> str | None:
    try:
        kind.process_bind_param(value, _DIALECT)
    except (TypeError, ValueError) as refused:
        return str(refused)
    return f"{value:.6e} is too large" if abs(value) >= _MOST else None


def _text(most: int, value: Any) -> str | None:
    return f"{value[:80]!r} is longer than {most} characters" if len(value) > most else None


def _whole(value: Any) -> str | None:
    return f"{value} is too large" if abs(value) >= _MOST_INTEGER else None
