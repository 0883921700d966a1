"""Months whose NAVs are final for good, and what became known too late to be in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.dealing_requests import hold_register
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.nav_model import ClosedMonth, LateEntry, LateKind


class Late(NamedTuple):
    """A fill or flow with the moments at which it took place and became known, UTC."""

    kind: LateKind
    entity_id: str
    account_id: str
    effective_at: datetime
    known_at: datetime


def list_closed_months(ledger: Ledger, fund_id: str, mode: TradingMode) -> tuple[ClosedMonth, ...]:
    """Closed months in order."""
    table = tables.closed_months
    query = select(table).where(table.c.fund_id == fund_id, table.c.mode == mode.value).order_by(table.c.month)
    with ledger_away(), ledger.reading() as connection:
        return tuple(
            ClosedMonth(**dict(row) | {"mode": TradingMode(row["mode"])})
            for row in connection.execute(query).mappings()
        )


def newest_closed(connection: Connection, fund_id: str, mode: TradingMode) -> date | None:
    """The first day of the newest closed month, within a transaction of the caller's; None for none."""
    table = tables.closed_months
    query = select(func.max(table.c.month)).where(table.c.fund_id == fund_id, table.c.mode == mode.value)
    found: date | None = connection.execute(query).scalar()
    return found


def insert_closed_month(ledger: Ledger, closed: ClosedMonth, last_day: date, act: Act) -> bool:
    """Close a month, audited. False when it is closed already.

    ConflictError unless the NAV of its last day is struck and final.
    """
    months, navs = tables.closed_months, tables.navs
    with ledger_away(), ledger.writing() as connection:
        hold_register(connection, closed.fund_id)
        newest = newest_closed(connection, closed.fund_id, closed.mode)
        if newest is not None and closed.month <= newest:
            return False
        key = (navs.c.fund_id == closed.fund_id) & (navs.c.mode == closed.mode.value) & (navs.c.day == last_day)
        if not connection.execute(select(navs.c.is_final).where(key)).scalar():
            raise ConflictError(
                f"month is {closed.month:%Y-%m}: the NAV of its last day, {last_day}, is not struck",
                remedy=f"run `fund nav strike --fund {closed.fund_id} --day {last_day}` first",
            )
        connection.execute(insert(months).values(asdict(closed) | {"mode": closed.mode.value}))
        detail = {"mode": closed.mode.value, "month": closed.month.isoformat()}
        audit.record(connection, act, "month_closed", "nav", closed.fund_id, detail)
    return True


def late_candidates(
    ledger: Ledger, fund_id: str, mode: TradingMode, before: datetime, after: datetime
) -> tuple[Late, ...]:
    """Fills and flows of before a moment that became known after another one, and are not noted yet."""
    accounts, fills, flows, noted = tables.accounts, tables.executions, tables.cash_flows, tables.late_entries
    mine = (accounts.c.fund_id == fund_id) & (accounts.c.mode == mode.value)
    of_register = (noted.c.fund_id == fund_id) & (noted.c.mode == mode.value)
    late_fills = select(fills).join(accounts, accounts.c.account_id == fills.c.account_id)
    late_flows = select(flows).join(accounts, accounts.c.account_id == flows.c.account_id)
    late_fills = late_fills.where(mine, fills.c.executed_at < before, fills.c.received_at > after)
    late_flows = late_flows.where(mine, flows.c.effective_at < before, flows.c.recorded_at > after)
    with ledger_away(), ledger.reading() as connection:
        rows = connection.execute(select(noted.c.kind, noted.c.entity_id).where(of_register))
        known = {(kind, entity) for kind, entity in rows}
        found = [
            *(_fill(row) for row in connection.execute(late_fills).mappings()),
            *(_late_flow(row) for row in connection.execute(late_flows).mappings()),
        ]
    return tuple(one for one in found if (one.kind.value, one.entity_id) not in known)


def note_late(ledger: Ledger, entries: Sequence[LateEntry], act: Act) -> None:
    """Keep what was booked into an open month, audited."""
    if not entries:
        return
    with ledger_away(), ledger.writing() as connection:
        hold_register(connection, entries[0].fund_id)
        rows = [asdict(one) | {"mode": one.mode.value, "kind": one.kind.value} for one in entries]
        connection.execute(insert(tables.late_entries), rows)
        for one in entries:
            detail = {
                "kind": one.kind.value,
                "entity": one.entity_id,
                "effective_at": one.effective_at.isoformat(),
                "month": one.month.isoformat(),
                "booked_on": one.booked_on.isoformat(),
            }
            audit.record(connection, act, "late_entry_noted", "nav", one.fund_id, detail)


def list_late(ledger: Ledger, fund_id: str, mode: TradingMode) -> tuple[LateEntry, ...]:
    """What was booked into another month than its own, in the order of its own time."""
    table = tables.late_entries
    query = select(table).where(table.c.fund_id == fund_id, table.c.mode == mode.value)
    with ledger_away(), ledger.reading() as connection:
        rows = connection.execute(query.order_by(table.c.effective_at, table.c.entity_id)).mappings()
        return tuple(
            LateEntry(**dict(row) | {"mode": TradingMode(row["mode"]), "kind": LateKind(row["kind"])}) for row in rows
        )


def _fill(row: RowMapping) -> Late:
    entity = f"{row['broker']}/{row['broker_account']}/{row['broker_execution_id']}"
    return Late(LateKind.EXECUTION, entity, row["account_id"], row["executed_at"], row["received_at"])


def _late_flow(row: RowMapping) -> Late:
    return Late(LateKind.FLOW, row["flow_id"], row["account_id"], row["effective_at"], row["recorded_at"])
