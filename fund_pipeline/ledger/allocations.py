"""Optimisation runs and the allocations they recommend."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, insert, select, update

from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.digests import record_digest
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.model import Allocation, AllocationOrigin, AllocationStatus, OptimisationRun

OPTIMISED = "optimised"
MADE = {
    AllocationOrigin.OPTIMISED: "allocation_recommended",
    AllocationOrigin.EDITED: "allocation_edited",
    AllocationOrigin.ROLLED_BACK: "allocation_brought_back",
}
"""Under which name the audit log tells of a run, with digests of it, and of an allocation's making."""


def list_allocations(
    ledger: Ledger, fund_id: str | None = None, status: AllocationStatus | None = None
) -> tuple[Allocation, ...]:
    """Allocations, newest first, of one fund or all, in one state or any."""
    query = select(tables.allocations).order_by(
        tables.allocations.c.created_at.desc(), tables.allocations.c.allocation_id
    )
    if fund_id is not None:
        query = query.where(tables.allocations.c.fund_id == fund_id)
    if status is not None:
        query = query.where(tables.allocations.c.status == status.value)
    with ledger.reading() as connection:
        return read_allocations(connection, query)


def get_allocation(ledger: Ledger, allocation_id: str) -> Allocation:
    """One allocation, or NotFoundError."""
    query = select(tables.allocations).where(tables.allocations.c.allocation_id == allocation_id)
    with ledger.reading() as connection:
        found = read_allocations(connection, query)
    if not found:
        raise NotFoundError(f"there is no allocation {allocation_id!r}", remedy="run `fund allocations list`")
    return found[0]


def find_run(ledger: Ledger, fund_id: str, inputs_digest: str) -> OptimisationRun | None:
    """The run that was made on exactly these inputs, if there is one."""
    runs = tables.optimisation_runs
    return _run(ledger, (runs.c.fund_id == fund_id) & (runs.c.inputs_digest == inputs_digest))


def get_run(ledger: Ledger, run_id: str) -> OptimisationRun:
    """One optimisation run, or NotFoundError."""
    run = _run(ledger, tables.optimisation_runs.c.run_id == run_id)
    if run is None:
        raise NotFoundError(f"there is no optimisation run {run_id!r}", remedy="run `fund allocations list`")
    return run


def allocations_of_run(ledger: Ledger, run_id: str) -> tuple[Allocation, ...]:
    """Every allocation that one run led to, newest first: more than one where its inputs came back later."""
    table = tables.allocations
    query = select(table).where(table.c.run_id == run_id)
    with ledger.reading() as connection:
        return read_allocations(connection, query.order_by(table.c.created_at.desc(), table.c.allocation_id.desc()))


def list_runs(ledger: Ledger, fund_id: str | None = None, newest: int | None = None) -> tuple[OptimisationRun, ...]:
    """Optimisation runs, newest first, of one fund or all, at most so many."""
    runs = tables.optimisation_runs
    query = select(runs).order_by(runs.c.created_at.desc(), runs.c.run_id).limit(newest)
    if fund_id is not None:
        query = query.where(runs.c.fund_id == fund_id)
    with ledger.reading() as connection:
        return tuple(OptimisationRun(**row) for row in connection.execute(query).mappings())


def record_recommendation(ledger: Ledger, run: OptimisationRun, allocation: Allocation | None, act: Act) -> bool:
    """Write a run and what it recommends in one transaction; the fund's other pending ones are superseded with it.

    Returns False, and writes nothing, if a run on the same inputs is there already: materialising again is harmless.
    `allocation` is None when the run found no answer: then nothing stays pending.
    """
    runs = tables.optimisation_runs
    with ledger.writing() as connection:
        lock_fund(connection, run.fund_id)
        same = (runs.c.fund_id == run.fund_id) & (runs.c.inputs_digest == run.inputs_digest)
        if connection.execute(select(runs.c.run_id).where(same)).first() is not None:
            return False
        connection.execute(insert(runs).values(**run.__dict__))
        digests = {"inputs": record_digest(run.inputs), "result": record_digest(run.result)}
        detail = {"run_id": run.run_id, "status": run.status, **digests}
        audit.record(connection, act, OPTIMISED, "fund", run.fund_id, detail)
        if allocation is None:
            reason = {"reason": f"{run.run_id} found no answer"}
            _end_pending(connection, run.fund_id, AllocationStatus.EXPIRED, reason, act)
        else:
            replaced = {"replaced_by": allocation.allocation_id}
            _end_pending(connection, run.fund_id, AllocationStatus.SUPERSEDED, replaced, act)
            insert_allocation(connection, allocation, act)
    return True


def recommend_again(ledger: Ledger, allocation: Allocation, act: Act) -> bool:
    """Recommend what an earlier run found, because its inputs are today's again; other pending ones are superseded.

    Returns False, and writes nothing, if the allocation is there already.
    """
    table = tables.allocations
    with ledger.writing() as connection:
        lock_fund(connection, allocation.fund_id)
        same = table.c.allocation_id == allocation.allocation_id
        if connection.execute(select(table.c.allocation_id).where(same)).first() is not None:
            return False
        replaced = {"replaced_by": allocation.allocation_id}
        _end_pending(connection, allocation.fund_id, AllocationStatus.SUPERSEDED, replaced, act)
        insert_allocation(connection, allocation, act)
    return True


def withdraw_pending(ledger: Ledger, fund_id: str, reason: str, act: Act, *, keep: str | None = None) -> None:
    """End the fund's pending allocations, but for `keep`: they no longer answer to its limits and backtests."""
    with ledger.writing() as connection:
        lock_fund(connection, fund_id)
        _end_pending(connection, fund_id, AllocationStatus.EXPIRED, {"reason": reason}, act, keep=keep)


def lock_fund(connection: Connection, fund_id: str) -> None:
    """One change of a fund's allocations at a time. SQLite's write transaction has that lock already."""
    connection.execute(select(tables.funds.c.fund_id).where(tables.funds.c.fund_id == fund_id).with_for_update())


def _end_pending(
    connection: Connection,
    fund_id: str,
    status: AllocationStatus,
    detail: dict[str, str],
    act: Act,
    *,
    keep: str | None = None,
) -> None:
    table = tables.allocations
    pending = select(table.c.allocation_id).where(
        table.c.fund_id == fund_id, table.c.status == AllocationStatus.PENDING_APPROVAL.value
    )
    before: Sequence[str] = connection.execute(pending).scalars().all()
    for older in before:
        if older == keep:
            continue
        values = {"status": status.value, "updated_at": act.at}
        connection.execute(update(table).where(table.c.allocation_id == older).values(**values))
        audit.record(connection, act, f"allocation_{status.value.lower()}", "allocation", older, detail)


def insert_allocation(connection: Connection, allocation: Allocation, act: Act) -> None:
    """Write an allocation and its weights, audited, inside the caller's transaction."""
    connection.execute(
        insert(tables.allocations).values(
            allocation_id=allocation.allocation_id,
            fund_id=allocation.fund_id,
            run_id=allocation.run_id,
            status=allocation.status.value,
            metrics=dict(allocation.metrics),
            digest=allocation.digest,
            created_at=allocation.created_at,
            updated_at=act.at,
            origin=allocation.origin.value,
            based_on=allocation.based_on,
        )
    )
    if allocation.weights:
        connection.execute(
            insert(tables.allocation_weights),
            [
                {"allocation_id": allocation.allocation_id, "strategy_id": strategy, "weight": weight}
                for strategy, weight in allocation.weights.items()
            ],
        )
    audit.record(
        connection,
        act,
        MADE[allocation.origin],
        "allocation",
        allocation.allocation_id,
        {
            "digest": allocation.digest,
            "weights": {s: str(w) for s, w in allocation.weights.items()},
            "metrics": record_digest(allocation.metrics),
        },
    )


_PLAIN = ("allocation_id", "fund_id", "run_id", "metrics", "digest", "created_at", "based_on")


def read_allocations(connection: Connection, query: Select[Any]) -> tuple[Allocation, ...]:
    """The allocations of a query on their table, with their weights."""
    rows = connection.execute(query).mappings().all()
    weights = tables.allocation_weights
    wanted = [row["allocation_id"] for row in rows]
    by_allocation: dict[str, dict[str, Decimal]] = {key: {} for key in wanted}
    held = select(weights).where(weights.c.allocation_id.in_(wanted)).order_by(weights.c.strategy_id)
    for row in connection.execute(held).mappings():
        by_allocation[row["allocation_id"]][row["strategy_id"]] = row["weight"]
    return tuple(
        Allocation(
            **{name: row[name] for name in _PLAIN},
            status=AllocationStatus(row["status"]),
            origin=AllocationOrigin(row["origin"]),
            weights=by_allocation[row["allocation_id"]],
        )
        for row in rows
    )


def _run(ledger: Ledger, condition: ColumnElement[bool]) -> OptimisationRun | None:
    with ledger.reading() as connection:
        query = select(tables.optimisation_runs).where(condition)
        row = connection.execute(query).mappings().one_or_none()
    return OptimisationRun(**row) if row is not None else None
