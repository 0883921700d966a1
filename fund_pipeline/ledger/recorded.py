"""Are funds, runs and pending allocations what was recorded of them? Their rows bear no seal, so the audit log says.

Whoever can write rows but has no key could otherwise change what a person is shown, or the limits it is held to.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from fund_pipeline.errors import InputError, InvariantError
from fund_pipeline.ledger import seals, tables
from fund_pipeline.ledger.allocations import MADE, OPTIMISED, get_run, read_allocations
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.canonical import canonical
from fund_pipeline.ledger.digests import allocation_digest, record_digest
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.model import Allocation, AllocationStatus, Fund, OptimisationRun
from fund_pipeline.ledger.told import UNREADABLE, newest_told, told

FUND_ACTIONS = ("fund_added", "fund_changed")
LIVES = (*MADE.values(), *(f"allocation_{status.value.lower()}" for status in AllocationStatus))
"""Under which names an allocation's making, and each change of its state, is told."""


def proven_fund(ledger: Ledger, fund_id: str) -> Fund:
    """A fund whose capital, limits and policy are those that the audit log tells of.

    Raises
    ------
    NotFoundError : there is no such fund. InvariantError : it was changed past this product.
    """
    fund = get_fund(ledger, fund_id)
    with ledger.reading() as connection:
        check_fund(connection, ledger.audit_keys, fund)
    return fund


def read_fund(connection: Connection, fund_id: str) -> Fund:
    """A fund of the caller's transaction that is there. InvariantError when it cannot be read."""
    table = tables.funds
    columns = [table.c[name] for name in Fund.__dataclass_fields__]
    try:
        return Fund(**connection.execute(select(*columns).where(table.c.fund_id == fund_id)).mappings().one())
    except UNREADABLE:
        raise InvariantError(f"fund {fund_id} cannot be read", remedy=seals.LOOK) from None


def check_fund(connection: Connection, keys: AuditKeys, fund: Fund) -> None:
    """Raise InvariantError unless the fund is what the newest audit row of it tells."""
    entry = newest_told(connection, keys, "fund", fund.fund_id, FUND_ACTIONS)
    if entry is None or "risk_limits" not in entry.detail:
        raise InvariantError(
            f"the audit log does not tell which limits fund {fund.fund_id} has",
            remedy="change a limit in the registry file and run `fund registry import FILE`, which records all of them",
        )
    recorded = entry.detail
    try:
        same = (
            canonical(recorded["risk_limits"]) == canonical(fund.risk_limits)
            and Decimal(recorded["capital"]) == fund.capital
            and recorded["currency"] == fund.currency
        )
    except (InputError, KeyError, *UNREADABLE):
        same = False
    if not same:
        raise InvariantError(
            f"the limits or the capital of fund {fund.fund_id} are not those that were recorded: they were changed "
            "past this product",
            remedy="run `fund audit verify`, then `fund registry import FILE` with the limits that are right",
        )


def proven_run(ledger: Ledger, run_id: str) -> OptimisationRun:
    """A run whose inputs and result are those that the audit log tells of. NotFoundError, or InvariantError."""
    run = get_run(ledger, run_id)
    with ledger.reading() as connection:
        check_run(connection, ledger.audit_keys, run)
    return run


def check_run(connection: Connection, keys: AuditKeys, run: OptimisationRun) -> None:
    """Raise InvariantError unless the run's inputs and result are what the audit row of it tells."""
    rows = told(connection, keys, "fund", run.fund_id, (OPTIMISED,))
    entry = next((one for one in rows if one.detail.get("run_id") == run.run_id), None)
    if entry is None or "result" not in entry.detail:
        raise InvariantError(
            f"the audit log does not tell what came out of {run.run_id}",
            remedy="reject what it recommended, and let newer backtests be optimised: `fund nightly`",
        )
    try:
        made = {"inputs": record_digest(run.inputs), "result": record_digest(run.result)}
    except (InputError, *UNREADABLE):
        made = {}
    if made != {name: entry.detail.get(name) for name in ("inputs", "result")}:
        raise InvariantError(
            f"the inputs or the result of {run.run_id} are not those that were recorded: they were changed past this "
            "product",
            remedy=seals.LOOK,
        )


def check_pending(connection: Connection, keys: AuditKeys, allocation: Allocation) -> None:
    """Raise InvariantError unless a pending allocation is what was recorded at its making, and pending still."""
    entry = newest_told(connection, keys, "allocation", allocation.allocation_id, LIVES)
    if entry is None or entry.action != MADE[allocation.origin]:
        was = "nothing" if entry is None else entry.action
        raise InvariantError(
            f"allocation {allocation.allocation_id} is called pending, and the audit log tells of it: {was}",
            remedy=seals.LOOK,
        )
    _check_weights(connection, allocation, entry.detail)


def check_made(connection: Connection, keys: AuditKeys, allocation: Allocation) -> None:
    """Raise InvariantError unless an allocation, in whatever state, has the weights recorded at its making."""
    entry = newest_told(connection, keys, "allocation", allocation.allocation_id, (MADE[allocation.origin],))
    if entry is None:
        raise InvariantError(
            f"the audit log does not tell of the making of allocation {allocation.allocation_id}", remedy=seals.LOOK
        )
    _check_weights(connection, allocation, entry.detail)


def check_all_pending(connection: Connection, keys: AuditKeys, fund_id: str) -> None:
    """Raise InvariantError for the fund's first pending allocation that, or whose run, is not what was recorded."""
    table, runs = tables.allocations, tables.optimisation_runs
    pending = (table.c.fund_id == fund_id) & (table.c.status == AllocationStatus.PENDING_APPROVAL.value)
    try:
        found = read_allocations(connection, select(table).where(pending).order_by(table.c.allocation_id))
        rows = [
            connection.execute(select(runs).where(runs.c.run_id == one.run_id)).mappings().one_or_none()
            for one in found
        ]
    except UNREADABLE:
        raise InvariantError(f"a pending allocation of fund {fund_id} cannot be read", remedy=seals.LOOK) from None
    for one, row in zip(found, rows, strict=True):
        try:
            check_pending(connection, keys, one)
        except InvariantError:
            # On PostgreSQL the log may be newer than the list: what was decided in between is no longer pending.
            if connection.execute(select(table.c.allocation_id).where(pending, _is(one))).first() is not None:
                raise
            continue
        if row is None:
            raise InvariantError(f"the run of allocation {one.allocation_id} is gone", remedy=seals.LOOK)
        check_run(connection, keys, OptimisationRun(**row))


def _is(allocation: Allocation) -> ColumnElement[bool]:
    return tables.allocations.c.allocation_id == allocation.allocation_id


def _check_weights(connection: Connection, allocation: Allocation, recorded: Mapping[str, Any]) -> None:
    runs = tables.optimisation_runs
    query = select(runs.c.inputs_digest).where(runs.c.run_id == allocation.run_id)
    inputs = str(connection.execute(query).scalar_one_or_none())
    same_weights = allocation_digest(inputs, allocation.weights) == allocation.digest == recorded.get("digest")
    # Rows of earlier versions tell no figures. Nothing is approved by that: `check_run` refuses runs of that time.
    same_figures = "metrics" not in recorded or record_digest(allocation.metrics) == recorded["metrics"]
    if not same_weights or not same_figures:
        raise InvariantError(
            f"the weights or figures of allocation {allocation.allocation_id} are not those that were recorded: they "
            "were changed past this product",
            remedy=seals.LOOK,
        )
