"""Halts in the ledger: of one fund, or of all. What is not there is ACTIVE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.account_model import EVERYWHERE, Halt
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.terms import HaltState


def list_halts(ledger: Ledger) -> tuple[Halt, ...]:
    """Every scope of which somebody once said what may be sent, ACTIVE ones too; that of all funds first."""
    with ledger_away(), ledger.reading() as connection:
        query = select(tables.halts).order_by(tables.halts.c.scope)
        return tuple(_halt(row) for row in connection.execute(query).mappings())


def read_states(connection: Connection) -> Mapping[str, HaltState]:
    """State by scope, within a transaction of the caller's; scopes that are not there are ACTIVE."""
    rows: Iterable[Any] = connection.execute(select(tables.halts.c.scope, tables.halts.c.state))
    return {scope: HaltState(state) for scope, state in rows}


def state_of(where: Ledger | Connection, fund_id: str) -> HaltState:
    """What a fund may send: the stricter of its own state and that of all funds."""
    if isinstance(where, Ledger):
        with ledger_away(), where.reading() as connection:
            return state_of(connection, fund_id)
    table = tables.halts
    rows: Iterable[str] = where.execute(select(table.c.state).where(table.c.scope.in_((EVERYWHERE, fund_id)))).scalars()
    return HaltState.strictest(HaltState(state) for state in rows)


def set_halt(ledger: Ledger, scope: str, before: HaltState, state: HaltState, note: str, act: Act) -> Halt:
    """Say what may be sent in a scope, audited. ConflictError unless it is `before` still."""
    table = tables.halts
    row = {"state": state.value, "note": note, "changed_by": act.actor, "changed_at": act.at}
    with ledger_away(), ledger.writing() as connection:
        held = connection.execute(select(table.c.state).where(table.c.scope == scope).with_for_update()).scalar()
        if (now := HaltState(held or HaltState.ACTIVE)) is not before:
            raise ConflictError(f"somebody made it {now.value} at the same time", remedy="look again: `fund halts`")
        try:
            if held is None:
                connection.execute(insert(table).values(row | {"scope": scope}))
            else:
                connection.execute(update(table).where(table.c.scope == scope).values(row))
        except IntegrityError:
            raise ConflictError("somebody else said so at the same time", remedy="look again: `fund halts`") from None
        detail = {"state": state.value, "was": before.value, "note": note}
        action = "halted" if state.is_stricter_than(before) else "resumed"
        audit.record(connection, act, action, "halt", scope, detail)
    return Halt(scope, state, note, act.actor, act.at)


def _halt(row: RowMapping) -> Halt:
    return Halt(row["scope"], HaltState(row["state"]), row["note"], row["changed_by"], row["changed_at"])
