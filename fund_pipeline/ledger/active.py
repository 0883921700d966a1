"""The one way to read the allocation that sizes orders. It returns what a person approved, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import seals, tables
from fund_pipeline.ledger.allocations import read_allocations
from fund_pipeline.ledger.approval_model import Approval, Decision
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.model import Allocation, AllocationStatus
from fund_pipeline.ledger.proof import list_sealed, proven_approvals
from fund_pipeline.ledger.told import UNREADABLE


@dataclass(frozen=True)
class ActiveAllocation:
    """The allocation in force, with the approval that put it there."""

    allocation: Allocation
    approval: Approval


def active_allocation(ledger: Ledger, fund_id: str) -> ActiveAllocation | None:
    """The fund's ACTIVE allocation; None if there is none.

    It trusts nothing but a sealed approval: the fund's newest one must name this allocation, and the digest of the
    inputs and weights as they stand now must be the digest that was approved.

    Raises
    ------
    InvariantError : an allocation is ACTIVE without such an approval. Nothing may be sized by it.
    """
    with ledger.reading() as connection:
        return proven_active(connection, ledger.audit_keys, fund_id)


def proven_active(connection: Connection, keys: AuditKeys, fund_id: str) -> ActiveAllocation | None:
    """`active_allocation` within a transaction that is under way."""
    active = _active(connection, fund_id)
    if active is None:
        return None
    approvals = proven_approvals(connection, keys, fund_id)
    inputs = _inputs_digest(connection, active.run_id)
    approved = [one.approval for one in approvals if one.approval.decision is Decision.APPROVED]
    newest = approved[-1] if approved else None
    if newest is None or newest.allocation_id != active.allocation_id:
        raise _unapproved(active, "no approval in force names it")
    if not allocation_digest(inputs, active.weights) == active.digest == newest.digest:
        raise _unapproved(active, "its weights or inputs are not those that were approved")
    return ActiveAllocation(active, newest)


def proven_decisions(ledger: Ledger, fund_id: str) -> tuple[Approval, ...]:
    """All decisions of a fund, newest first. InvariantError unless each bears its seal and none is missing."""
    with ledger.reading() as connection:
        return tuple(one.approval for one in reversed(proven_approvals(connection, ledger.audit_keys, fund_id)))


def list_approvals(ledger: Ledger, fund_id: str) -> tuple[Approval, ...]:
    """All decisions of a fund, newest first, as they stand: show nobody what `proven_decisions` has not proven."""
    with ledger.reading() as connection:
        return tuple(one.approval for one in reversed(list_sealed(connection, fund_id)))


def _active(connection: Connection, fund_id: str) -> Allocation | None:
    table = tables.allocations
    query = select(table).where(table.c.fund_id == fund_id, table.c.status == AllocationStatus.ACTIVE.value)
    try:
        found = read_allocations(connection, query)
    except UNREADABLE:
        raise InvariantError(f"the ACTIVE allocation of fund {fund_id} cannot be read", remedy=seals.LOOK) from None
    if len(found) > 1:
        raise InvariantError(f"fund {fund_id} has {len(found)} ACTIVE allocations", remedy=seals.LOOK)
    return found[0] if found else None


def _inputs_digest(connection: Connection, run_id: str) -> str:
    runs = tables.optimisation_runs
    return str(connection.execute(select(runs.c.inputs_digest).where(runs.c.run_id == run_id)).scalar_one_or_none())


def _unapproved(allocation: Allocation, why: str) -> InvariantError:
    return InvariantError(
        f"allocation {allocation.allocation_id} of fund {allocation.fund_id} is ACTIVE, but {why}",
        remedy="run `fund audit verify`: somebody changed the database; approve an allocation to put one in force",
    )
