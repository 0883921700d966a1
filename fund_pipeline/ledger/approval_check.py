"""Do the audit log and the approvals tell of the same decisions, and is what is in force, or pending, as recorded?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import seals, tables
from fund_pipeline.ledger.active import proven_active
from fund_pipeline.ledger.approval_model import Decision
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.audit_model import AuditProblem, AuditRow
from fund_pipeline.ledger.proof import list_sealed, told_of
from fund_pipeline.ledger.recorded import check_all_pending, check_fund, read_fund


@dataclass(frozen=True)
class WrongApproval:
    """What is wrong; `row` is the audit row that tells of the decision, where there is one."""

    problem: AuditProblem
    row: int | None
    message: str


def check_approvals(connection: Connection, keys: AuditKeys, told: Iterable[AuditRow]) -> WrongApproval | None:
    """The first decision that the audit log and the approvals do not tell alike, or whose seal is not true.

    `told` are the true rows of the audit log that tell of decisions. Then each fund's ACTIVE allocation is proven, and
    that the one approved last is ACTIVE; what is pending and the fund's limits are compared with their audit rows.
    """
    by_fund: dict[str, dict[int, AuditRow]] = {}
    for row in told:
        by_fund.setdefault(row.entry.entity_id, {})[row.entry.detail["sequence"]] = row
    query = select(tables.funds.c.fund_id).order_by(tables.funds.c.fund_id)
    fund_ids: Sequence[str] = connection.execute(query).scalars().all()
    for fund_id in fund_ids:
        found = _of_fund(connection, keys, fund_id, by_fund.pop(fund_id, {})) or _limits_of(connection, keys, fund_id)
        if found is not None:
            return found
    for fund_id, rows in sorted(by_fund.items()):
        return _missing(min(rows.values(), key=lambda row: row.sequence), fund_id)
    return None


def _of_fund(connection: Connection, keys: AuditKeys, fund_id: str, told: dict[int, AuditRow]) -> WrongApproval | None:
    try:
        approvals = list_sealed(connection, fund_id)
    except InvariantError as unreadable:
        return WrongApproval(AuditProblem.APPROVAL_ALTERED, None, unreadable.message)
    there = {one.sequence: one for one in approvals}
    for sequence, row in sorted(told.items()):
        if sequence not in there:
            return _missing(row, fund_id)
        if told_of(there[sequence]) != row.entry.detail:
            message = f"approval {sequence} of fund {fund_id} is not the one that row {row.sequence} tells of"
            return WrongApproval(AuditProblem.APPROVAL_ALTERED, row.sequence, message)
    for sequence in sorted(there.keys() - told.keys()):
        message = f"the log tells nothing of approval {sequence} of fund {fund_id}"
        return WrongApproval(AuditProblem.APPROVAL_ALTERED, None, message)
    try:
        seals.check_chain(keys, approvals)
    except InvariantError as broken:
        return WrongApproval(AuditProblem.APPROVAL_ALTERED, None, broken.message)
    try:
        active = proven_active(connection, keys, fund_id)
    except InvariantError as unapproved:
        return WrongApproval(AuditProblem.ALLOCATION_UNAPPROVED, None, unapproved.message)
    approved = [one.approval for one in approvals if one.approval.decision is Decision.APPROVED]
    if active is None and approved:
        # Only a newer approval ends an older one, so one of them is always in force.
        message = f"allocation {approved[-1].allocation_id} of fund {fund_id} was approved last, and is not ACTIVE"
        return WrongApproval(AuditProblem.ALLOCATION_UNAPPROVED, None, message)
    try:
        check_all_pending(connection, keys, fund_id)
    except InvariantError as altered:
        return WrongApproval(AuditProblem.RECOMMENDATION_ALTERED, None, altered.message)
    return None


def _limits_of(connection: Connection, keys: AuditKeys, fund_id: str) -> WrongApproval | None:
    try:
        check_fund(connection, keys, read_fund(connection, fund_id))
    except InvariantError as altered:
        return WrongApproval(AuditProblem.LIMITS_ALTERED, None, altered.message)
    return None


def _missing(row: AuditRow, fund_id: str) -> WrongApproval:
    message = f"row {row.sequence} tells of approval {row.entry.detail['sequence']} of fund {fund_id}, which is gone"
    return WrongApproval(AuditProblem.APPROVAL_MISSING, row.sequence, message)
