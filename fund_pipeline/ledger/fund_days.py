"""Days of funds in the ledger: each opened once, then only watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.fund_day_model import FundDay, Opening
from fund_pipeline.ledger.model import TradingMode

See = Callable[[FundDay | None, FundDay | None], FundDay | None]
"""From the day as it is recorded, and the last one before it, to the day as it is to be; None where it is not known."""


def read_days(ledger: Ledger, fund_id: str, mode: TradingMode, day: date) -> tuple[FundDay | None, FundDay | None]:
    """That day of a fund and mode, and the last one that was recorded before it."""
    with ledger_away(), ledger.reading() as connection:
        return _read(connection, fund_id, mode, day)


def keep_day(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    day: date,
    see: See,
    *,
    act: Act | None = None,
    note: str = "",
) -> FundDay | None:
    """Let `see` say how a day is to be recorded, and record it; the day then.

    Two who do so at once follow one another, so that it is opened once. Audited where a person does it.
    """
    with ledger_away(), ledger.writing() as connection:
        _one_at_a_time(connection, fund_id)
        today, before = _read(connection, fund_id, mode, day)
        wanted = see(today, before)
        if wanted is None or wanted == today:
            return today
        _write(connection, wanted, is_new=today is None)
        if act is not None:
            detail = {"mode": mode.value, "day": day.isoformat(), "note": note} | {"opened": _opened(wanted.opened)}
            audit.record(connection, act, "fund_day_opened", "fund", fund_id, detail)
        return wanted


def list_days(ledger: Ledger, *, fund_id: str | None = None, newest: int = 30) -> tuple[FundDay, ...]:
    """The days of a fund, or of all, newest first; at most so many."""
    table = tables.fund_days
    query = select(table).order_by(table.c.day.desc(), table.c.fund_id, table.c.mode).limit(newest)
    if fund_id is not None:
        query = query.where(table.c.fund_id == fund_id)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_day(row) for row in connection.execute(query).mappings())


def drawdown_stops(ledger: Ledger) -> tuple[FundDay, ...]:
    """The last day of every fund and mode whose drawdown stop was reached, and that no person has resumed since."""
    table = tables.fund_days
    newest: dict[tuple[str, str], FundDay] = {}
    with ledger_away(), ledger.reading() as connection:
        query = select(table).where(table.c.drawdown_stopped_at.is_not(None)).order_by(table.c.day)
        for row in connection.execute(query).mappings():
            newest[row["fund_id"], row["mode"]] = _day(row)
        return tuple(one for one in newest.values() if _is_last(connection, one))


def lift_drawdown_stop(ledger: Ledger, fund_id: str, mode: TradingMode, note: str, act: Act) -> FundDay:
    """Let a fund and mode enter again after its drawdown stop, audited. From now on the peak is counted anew.

    ConflictError where it is not stopped.
    """
    table = tables.fund_days
    with ledger_away(), ledger.writing() as connection:
        _one_at_a_time(connection, fund_id)
        query = select(table).where(table.c.fund_id == fund_id, table.c.mode == mode.value)
        row = connection.execute(query.order_by(table.c.day.desc()).limit(1)).mappings().one_or_none()
        if row is None or row["drawdown_stopped_at"] is None:
            raise ConflictError(f"the drawdown stop of fund {fund_id}, {mode.value}, is not reached")
        key = (table.c.fund_id == fund_id) & (table.c.mode == mode.value) & (table.c.day == row["day"])
        connection.execute(update(table).where(key).values(drawdown_stopped_at=None, peak=None))
        detail = {"mode": mode.value, "since": row["drawdown_stopped_at"].isoformat(), "note": note}
        audit.record(connection, act, "drawdown_stop_lifted", "fund", fund_id, detail)
        return _day(row)


def _one_at_a_time(connection: Connection, fund_id: str) -> None:
    table = tables.funds
    connection.execute(select(table.c.fund_id).where(table.c.fund_id == fund_id).with_for_update(key_share=True)).all()


def _read(connection: Connection, fund_id: str, mode: TradingMode, day: date) -> tuple[FundDay | None, FundDay | None]:
    table = tables.fund_days
    query = (
        select(table)
        .where(table.c.fund_id == fund_id, table.c.mode == mode.value, table.c.day <= day)
        .order_by(table.c.day.desc())
        .limit(2)
    )
    found = [_day(row) for row in connection.execute(query).mappings()]
    today = next((one for one in found if one.day == day), None)
    return today, next((one for one in found if one.day < day), None)


def _is_last(connection: Connection, one: FundDay) -> bool:
    table = tables.fund_days
    later = select(table.c.day).where(
        table.c.fund_id == one.fund_id, table.c.mode == one.mode.value, table.c.day > one.day
    )
    return connection.execute(later.limit(1)).first() is None


def _write(connection: Connection, day: FundDay, *, is_new: bool) -> None:
    table = tables.fund_days
    values = {name: getattr(day, name) for name in FundDay.__dataclass_fields__}
    values |= {"mode": day.mode.value, "opened": _opened(day.opened), "opening_equity": day.opening_equity()}
    if is_new:
        connection.execute(insert(table).values(values))
        return
    key = (table.c.fund_id == day.fund_id) & (table.c.mode == day.mode.value) & (table.c.day == day.day)
    watched = ("opened", "opening_equity", "peak", "day_stopped_at", "drawdown_stopped_at")
    connection.execute(update(table).where(key).values({name: values[name] for name in watched}))


def _opened(opened: Mapping[str, Opening]) -> dict[str, dict[str, str]]:
    return {
        account_id: {
            "equity": f"{one.equity:f}",
            "currency": one.currency,
            "rate": f"{one.rate:f}",
            "as_of": one.as_of.isoformat(),
        }
        for account_id, one in sorted(opened.items())
    }


def _day(row: RowMapping) -> FundDay:
    fields: dict[str, Any] = {name: row[name] for name in FundDay.__dataclass_fields__}
    opened = {
        account_id: Opening(
            Decimal(one["equity"]), one["currency"], Decimal(one["rate"]), datetime.fromisoformat(one["as_of"])
        )
        for account_id, one in row["opened"].items()
    }
    return FundDay(**fields | {"mode": TradingMode(row["mode"]), "opened": opened})
