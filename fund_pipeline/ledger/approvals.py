"""Decisions on allocations: each changes the states it touches in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, select, update

from fund_pipeline.errors import ConflictError, InvariantError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.allocations import insert_allocation, lock_fund, read_allocations
from fund_pipeline.ledger.approval_model import Approval
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.model import Allocation, AllocationOrigin, AllocationStatus
from fund_pipeline.ledger.proof import refuse_another_key, seal_approval
from fund_pipeline.ledger.recorded import check_pending


def put_in_force(
    ledger: Ledger, allocation: Allocation, approval: Approval, act: Act, *, instead_of: str | None = None
) -> Approval:
    """Approve: the allocation becomes ACTIVE, the fund's former one ARCHIVED, any other pending one SUPERSEDED.

    An allocation that is in the ledger must still be PENDING_APPROVAL with the digest that is approved; one that is not
    (edited weights, or an earlier allocation brought back) is written with its approval. What edited weights are based
    on must still be pending; `instead_of` must still be the ACTIVE one when an earlier allocation is brought back.
    Returns the approval with what it replaced.

    Raises
    ------
    ConflictError : the allocation was decided, replaced or changed in the meantime. Nothing was changed.
    InvariantError : the fund's decisions so far are not proven. Nothing was changed.
    """
    with ledger.writing() as connection:
        lock_fund(connection, allocation.fund_id)
        refuse_another_key(connection, ledger.audit_keys, allocation.fund_id)
        there = _find(connection, allocation.allocation_id)
        former = _with_status(connection, allocation.fund_id, AllocationStatus.ACTIVE)
        if there is not None:
            _refuse_unless_pending(connection, ledger.audit_keys, there, approval.digest)
        elif allocation.origin is AllocationOrigin.EDITED:
            source = _find(connection, str(allocation.based_on))
            if source is None:
                raise ConflictError(f"there is no allocation {allocation.based_on}", remedy="look at what is pending")
            _refuse_unless_pending(connection, ledger.audit_keys, source, source.digest)
        elif former != ([instead_of] if instead_of is not None else []):
            raise ConflictError(
                f"{', '.join(former) or 'nothing'} is in force now, not {instead_of or 'nothing'}",
                remedy="look at what is in force now with `fund allocations list`",
            )
        decided = replace(approval, replaces=former[0] if former else None)
        for old in former:
            _set(connection, old, AllocationStatus.ARCHIVED, {"replaced_by": allocation.allocation_id}, act)
        for other in _with_status(connection, allocation.fund_id, AllocationStatus.PENDING_APPROVAL):
            if other != allocation.allocation_id:
                _set(connection, other, AllocationStatus.SUPERSEDED, {"replaced_by": allocation.allocation_id}, act)
        if there is None:
            insert_allocation(connection, replace(allocation, status=AllocationStatus.PENDING_APPROVAL), act)
        detail = {"digest": approval.digest, "by": approval.decided_by, "method": approval.method.value}
        _set(connection, allocation.allocation_id, AllocationStatus.ACTIVE, detail, act)
        seal_approval(connection, ledger.audit_keys, decided, act)
    return decided


def reject(ledger: Ledger, approval: Approval, act: Act) -> None:
    """Reject a pending allocation. ConflictError as for `put_in_force`."""
    with ledger.writing() as connection:
        lock_fund(connection, approval.fund_id)
        refuse_another_key(connection, ledger.audit_keys, approval.fund_id)
        there = _find(connection, approval.allocation_id)
        if there is None:
            raise ConflictError(f"there is no allocation {approval.allocation_id}", remedy="look at what is pending")
        _refuse_unless_pending(connection, ledger.audit_keys, there, approval.digest)
        detail = {"digest": approval.digest, "by": approval.decided_by, "note": approval.note}
        _set(connection, approval.allocation_id, AllocationStatus.REJECTED, detail, act)
        seal_approval(connection, ledger.audit_keys, approval, act)


def expire(ledger: Ledger, allocation_id: str, reason: str, act: Act) -> bool:
    """A pending allocation becomes EXPIRED. False when it is not pending any more."""
    with ledger.writing() as connection:
        there = _find(connection, allocation_id)
        if there is None:
            return False
        lock_fund(connection, there.fund_id)
        there = _find(connection, allocation_id)
        if there is None or there.status is not AllocationStatus.PENDING_APPROVAL:
            return False
        _set(connection, allocation_id, AllocationStatus.EXPIRED, {"reason": reason}, act)
    return True


def note_refusal(ledger: Ledger, allocation_id: str, reason: str, detail: Mapping[str, str], act: Act) -> None:
    """Tell the audit log of a decision that was refused."""
    with ledger.writing() as connection:
        audit.record(connection, act, "decision_refused", "allocation", allocation_id, {"reason": reason, **detail})


def _find(connection: Connection, allocation_id: str) -> Allocation | None:
    found = read_allocations(
        connection, select(tables.allocations).where(tables.allocations.c.allocation_id == allocation_id)
    )
    return found[0] if found else None


def _refuse_unless_pending(connection: Connection, keys: AuditKeys, there: Allocation, digest: str) -> None:
    if there.status is not AllocationStatus.PENDING_APPROVAL:
        raise ConflictError(
            f"allocation {there.allocation_id} is {there.status.value}, no longer pending",
            remedy="look at what is pending now with `fund allocations list`",
        )
    runs = tables.optimisation_runs
    inputs: str = connection.execute(select(runs.c.inputs_digest).where(runs.c.run_id == there.run_id)).scalar_one()
    if not allocation_digest(inputs, there.weights) == there.digest == digest:
        raise ConflictError(
            f"allocation {there.allocation_id} is not what was shown", remedy="look at it again, then decide"
        )
    try:
        check_pending(connection, keys, there)
    except InvariantError as altered:
        raise ConflictError(altered.message, remedy=altered.remedy) from None


def _with_status(connection: Connection, fund_id: str, status: AllocationStatus) -> list[str]:
    table = tables.allocations
    query = select(table.c.allocation_id).where(table.c.fund_id == fund_id, table.c.status == status.value)
    return list(connection.execute(query).scalars())


def _set(
    connection: Connection, allocation_id: str, status: AllocationStatus, detail: Mapping[str, object], act: Act
) -> None:
    table = tables.allocations
    connection.execute(
        update(table).where(table.c.allocation_id == allocation_id).values(status=status.value, updated_at=act.at)
    )
    audit.record(connection, act, f"allocation_{status.value.lower()}", "allocation", allocation_id, dict(detail))
