"""Funds in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, update

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.hanging import hanging_on
from fund_pipeline.ledger.model import AllocationStatus, Fund


def list_funds(ledger: Ledger) -> tuple[Fund, ...]:
    """All funds, by id."""
    with ledger.reading() as connection:
        rows = connection.execute(select(tables.funds).order_by(tables.funds.c.fund_id)).mappings().all()
    return tuple(Fund(row["fund_id"], row["name"], row["currency"], row["capital"], row["risk_limits"]) for row in rows)


def get_fund(ledger: Ledger, fund_id: str) -> Fund:
    """One fund, or NotFoundError naming those there are."""
    funds = {fund.fund_id: fund for fund in list_funds(ledger)}
    if fund_id not in funds:
        raise NotFoundError(
            f"there is no fund {fund_id!r}",
            remedy=f"use one of: {', '.join(funds) or '(none yet; `fund registry import FILE`)'}",
        )
    return funds[fund_id]


def put_fund(ledger: Ledger, fund: Fund, act: Act) -> bool:
    """Add or change a fund, audited. Returns False when it already was exactly so."""
    values = {
        "name": fund.name,
        "currency": fund.currency,
        "capital": fund.capital,
        "risk_limits": dict(fund.risk_limits),
    }
    key = tables.funds.c.fund_id == fund.fund_id
    with ledger.writing() as connection:
        namesake = (tables.funds.c.name == fund.name) & (tables.funds.c.fund_id != fund.fund_id)
        if (other := connection.execute(select(tables.funds.c.fund_id).where(namesake)).scalar()) is not None:
            raise ConflictError(f"fund {other} is named {fund.name!r} already", remedy="give each fund its own name")
        current = connection.execute(select(tables.funds).where(key)).mappings().one_or_none()
        if current is not None and all(current[name] == value for name, value in values.items()):
            return False
        if current is None:
            connection.execute(
                insert(tables.funds).values(fund_id=fund.fund_id, created_at=act.at, updated_at=act.at, **values)
            )
        else:
            connection.execute(update(tables.funds).where(key).values(updated_at=act.at, **values))
        detail = values | {"capital": str(fund.capital)}
        audit.record(connection, act, "fund_added" if current is None else "fund_changed", "fund", fund.fund_id, detail)
    return True


def delete_fund(ledger: Ledger, fund_id: str, act: Act, *, dry_run: bool = False) -> None:
    """Remove a fund that never did anything, audited; `dry_run` only checks.

    NotFoundError; ConflictError with an ACTIVE allocation, with accounts, or where history hangs on it.
    """
    get_fund(ledger, fund_id)
    table, allocations = tables.funds, tables.allocations
    with ledger.writing() as connection:
        if connection.execute(select(table).where(table.c.fund_id == fund_id).with_for_update()).first() is None:
            raise ConflictError(f"fund {fund_id} was deleted by somebody else at the same time")
        active = (allocations.c.fund_id == fund_id) & (allocations.c.status == AllocationStatus.ACTIVE.value)
        if (found := connection.execute(select(allocations.c.allocation_id).where(active)).scalar()) is not None:
            raise ConflictError(
                f"fund {fund_id} cannot be deleted: allocation {found} is in force",
                remedy="halt it instead: `fund halt --fund ...`",
            )
        accounts = select(tables.accounts.c.account_id).where(tables.accounts.c.fund_id == fund_id)
        owned: Sequence[str] = connection.execute(accounts.order_by(tables.accounts.c.account_id)).scalars().all()
        if owned:
            raise ConflictError(
                f"fund {fund_id} cannot be deleted: it has account {', '.join(owned)}",
                remedy="delete its accounts first: `fund accounts delete ID`",
            )
        if history := hanging_on(connection, table, fund_id):
            raise ConflictError(
                f"fund {fund_id} cannot be deleted: it has history in {', '.join(history)}, which is kept",
                remedy="halt it instead: `fund halt --fund ...`",
            )
        if not dry_run:
            connection.execute(delete(tables.halts).where(tables.halts.c.scope == fund_id))
            connection.execute(delete(table).where(table.c.fund_id == fund_id))
            audit.record(connection, act, "fund_deleted", "fund", fund_id)
