"""Executions that could not be booked: what the broker told, kept whole, so that nothing is lost and all can be tried
again. Each once, by the broker's own id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, func, insert, select, update

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.account_model import Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.terms import Side

NUMBERS = ("quantity", "price", "commission", "multiplier")
TIMES = ("executed_at", "received_at")


@dataclass(frozen=True)
class Aside:
    """An execution that was not booked, or was at last.

    Attributes
    ----------
    told : as the broker told it; numbers may be none, such as NaN.
    why : it could not be booked, when it was last tried.
    booked_at : when it could be after all; None before. Times are UTC.
    """

    aside_id: str
    account_id: str
    told: Execution
    why: str
    first_at: datetime
    last_at: datetime
    tries: int
    booked_at: datetime | None


def aside_id_of(execution: Execution) -> str:
    """A digest, because the broker's own id may be what does not fit."""
    parts = (execution.broker, execution.broker_account, execution.broker_execution_id)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def keep_aside(ledger: Ledger, execution: Execution, why: str, trouble: Trouble, at: datetime) -> None:
    """Keep an execution that could not be booked, and page a person, in one transaction; again, it counts up."""
    table, aside_id = tables.executions_aside, aside_id_of(execution)
    with ledger_away(), ledger.writing() as connection:
        again = update(table).where(table.c.aside_id == aside_id)
        tried = {"why": why, "last_at": at, "tries": table.c.tries + 1, "booked_at": None}
        if connection.execute(again.values(tried)).rowcount == 0:
            row = {"aside_id": aside_id, "account_id": execution.account_id, "told": _text(execution), "why": why}
            connection.execute(insert(table).values(row | {"first_at": at, "last_at": at, "tries": 1}))
        raise_alert(connection, trouble, at)


def note_booked(ledger: Ledger, aside_id: str, at: datetime) -> None:
    """Note that an execution kept aside has been booked."""
    table = tables.executions_aside
    with ledger_away(), ledger.writing() as connection:
        connection.execute(update(table).where(table.c.aside_id == aside_id).values(booked_at=at))


def list_aside(ledger: Ledger, account_id: str | None = None, *, booked_too: bool = False) -> tuple[Aside, ...]:
    """What is kept aside, oldest first: of an account, and what was booked since too."""
    table = tables.executions_aside
    query = select(table).order_by(table.c.first_at, table.c.aside_id)
    if account_id is not None:
        query = query.where(table.c.account_id == account_id)
    if not booked_too:
        query = query.where(tables.NOT_BOOKED)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_aside(row) for row in connection.execute(query).mappings())


def count_aside(ledger: Ledger) -> int:
    """How many executions wait to be booked."""
    query = select(func.count()).select_from(tables.executions_aside).where(tables.NOT_BOOKED)
    with ledger_away(), ledger.reading() as connection:
        return int(connection.execute(query).scalar_one())


def _text(execution: Execution) -> str:
    said = {name: getattr(execution, name) for name in Execution.__dataclass_fields__}
    plain = {name: _plain(value) for name, value in said.items()}
    return json.dumps(plain, sort_keys=True)  # ASCII: a database may refuse some characters


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | Side) else value


def _aside(row: RowMapping) -> Aside:
    said: Mapping[str, Any] = json.loads(row["told"])
    numbers = {name: Decimal(said[name]) for name in NUMBERS}
    times = {name: datetime.fromisoformat(said[name]) for name in TIMES}
    told = Execution(**{**said, **numbers, **times, "side": Side(said["side"])})
    fields = {name: row[name] for name in Aside.__dataclass_fields__ if name != "told"}
    return Aside(told=told, **fields)
