"""The one function that decides on an allocation, whichever way a person came: Dagster, the command, the API."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.approval.noting import named, note
from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Request, Verb
from fund_pipeline.allocations.approval.standing import (
    refuse_altered,
    refuse_if_old,
    refuse_old_data,
    refuse_same_run,
    refuse_unless_once_in_force,
    refuse_unless_pending,
    what_is_shown,
)
from fund_pipeline.allocations.approval.weights import (
    brought_back,
    edited,
    measured,
    refuse_other_weights,
    refuse_wrong_weights,
)
from fund_pipeline.allocations.approval.wording import MOST_OF_CORRELATION, called, plain, refuse_unreadable
from fund_pipeline.allocations.verify import Breach
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import ConfigurationError, ConflictError, InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.active import proven_decisions
from fund_pipeline.ledger.allocations import get_allocation, get_run, list_allocations
from fund_pipeline.ledger.anchors import anchor_audit
from fund_pipeline.ledger.approval_model import Approval, ApprovalMethod, Decision
from fund_pipeline.ledger.approvals import put_in_force, reject
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import Allocation, AllocationStatus
from fund_pipeline.ledger.recorded import proven_fund
from fund_pipeline.logs import get_logger
from fund_pipeline.users import Security, verify_code

log = get_logger(__name__)


@dataclass(frozen=True)
class Decided:
    """What was decided: the allocation as it is now, and the record of it."""

    allocation: Allocation
    approval: Approval


def decide(
    ledger: Ledger,
    matrix: ReturnsMatrix,
    security: Security,
    request: Request,
    now: datetime,
    *,
    anchors: Path | None = None,
) -> Decided:
    """Approve, reject, approve edited weights, or bring an earlier allocation back.

    Everything that can be refused without a code is refused before one is used up. What is approved is exactly what
    the digest in `request.shown` names; the states change in one transaction, or not at all.

    Parameters
    ----------
    matrix : the returns as the warehouse has them now, on which weights are measured anew.
    security : what codes are verified with.
    now : the present moment, with its zone.
    anchors : the folder of the audit log's anchors. The log is anchored there once it was decided, so that the decision
        cannot be cut off its end unnoticed. None leaves that to the next anchor.

    Raises
    ------
    RefusedError : with its reason; nothing was changed but the audit log, which tells of it.
    """
    by = called(ledger, request.decided_by)
    act = Act(f"user:{by}", now, plain(request.correlation_id, MOST_OF_CORRELATION))
    try:
        refuse_unreadable(request)
        decided = _decide(ledger, matrix, security, request, act)
    except RefusedError as refused:
        note(ledger, request.verb.value, request.shown, request.decided_by, refused, act)
        log.warning("decision refused", allocation=named(request.shown), reason=refused.reason.value)
        raise
    if anchors is not None:
        _anchor(ledger, anchors, now)
    log.info("decided", allocation=decided.allocation.allocation_id, decision=decided.approval.decision.value)
    return decided


def _decide(ledger: Ledger, matrix: ReturnsMatrix, security: Security, request: Request, act: Act) -> Decided:
    shown = what_is_shown(ledger, request)
    # A broken chain stops here, as an InvariantError: no code is used up for a decision that could not be sealed.
    decisions = proven_decisions(ledger, shown.fund_id)
    refuse_same_run(ledger, shown, request)
    if request.verb is Verb.BRING_BACK:
        refuse_unless_once_in_force(shown, decisions)
    else:
        refuse_unless_pending(shown)
        refuse_altered(ledger, shown, run_too=request.verb is not Verb.REJECT)
    if request.verb is Verb.REJECT:
        _prove(ledger, security, request.decided_by, request.code, request, act)
        approval = _approval(request, shown, (), act, Decision.REJECTED)
        return _in_one_transaction(ledger, shown, approval, act, None)
    policy = _policy(ledger, shown.fund_id)
    if request.verb is not Verb.BRING_BACK:
        refuse_if_old(ledger, shown, policy, act)
    active = list_allocations(ledger, shown.fund_id, AllocationStatus.ACTIVE)
    chosen = _chosen(ledger, matrix, shown, request, act)
    if request.verb is Verb.BRING_BACK:
        refuse_old_data(ledger, chosen, policy, act)
    found = measured(ledger, chosen, matrix)
    if chosen is not shown:
        chosen = replace(chosen, metrics=found.metrics)
    _refuse_breaches(ledger, request, found.breaches, policy)
    _prove(ledger, security, request.decided_by, request.code, request, act)
    second = None
    if found.breaches and request.override is not None and policy.four_eyes:
        second = request.override.second_by
        _prove(ledger, security, second, request.override.second_code, request, act)
    approval = _approval(request, chosen, found.breaches, act, Decision.APPROVED, second)
    return _in_one_transaction(ledger, chosen, approval, act, active[0].allocation_id if active else None)


def _chosen(ledger: Ledger, matrix: ReturnsMatrix, shown: Allocation, request: Request, act: Act) -> Allocation:
    if request.verb is Verb.APPROVE_EDITED:
        return edited(ledger, shown, request.weights, act.at)
    refuse_other_weights(shown, request.weights)
    if request.verb is Verb.BRING_BACK:
        return brought_back(ledger, shown, matrix, act.at)
    refuse_wrong_weights(ledger, get_run(ledger, shown.run_id), shown.weights)
    return shown


def _policy(ledger: Ledger, fund_id: str) -> ApprovalPolicy:
    try:
        return limits_of(fund_id, proven_fund(ledger, fund_id).risk_limits).approval
    except InvariantError as altered:
        raise RefusedError(Refusal.DATA_CHANGED, altered.message, remedy=altered.remedy) from None


def _anchor(ledger: Ledger, folder: Path, now: datetime) -> None:
    """The decision stands whether or not it can be anchored: what keeps it from that is an operator's to mend."""
    try:
        anchor_audit(ledger, folder, now)
    except (ConflictError, ConfigurationError) as problem:
        log.error("decided, and not anchored", problem=str(problem))


def _refuse_breaches(ledger: Ledger, request: Request, breaches: tuple[Breach, ...], policy: ApprovalPolicy) -> None:
    if not breaches:
        return
    told = "; ".join(f"{one.limit} is {one.measured:.6g}, allowed {one.allowed:.6g}" for one in breaches)
    if request.override is None or not request.override.reason.strip():
        raise RefusedError(
            Refusal.LIMIT_BROKEN,
            f"the weights break {told}",
            remedy="change them, or override with a reason" + (" and a second admin" if policy.four_eyes else ""),
        )
    second = request.override.second_by
    if policy.four_eyes and (not second or second == request.decided_by):
        raise RefusedError(
            Refusal.SECOND_ADMIN_NEEDED,
            f"the weights break {told}, and {called(ledger, second) if second else 'nobody'} is no second admin beside "
            f"{called(ledger, request.decided_by)}",
            remedy="let another admin give their user id and code",
        )


def _prove(ledger: Ledger, security: Security, user_id: str, code: str, request: Request, act: Act) -> None:
    found = verify_code(
        ledger,
        user_id,
        code,
        act.at,
        security,
        purpose=f"{request.verb.value} {request.shown}",
        correlation_id=act.correlation_id,
    )
    if not found.accepted:
        raise RefusedError(
            Refusal.CODE_REFUSED,
            f"the code of {called(ledger, user_id)} was refused: {found.verdict.value}",
            remedy=found.verdict.remedy,
        )


def _approval(
    request: Request,
    chosen: Allocation,
    breaches: tuple[Breach, ...],
    act: Act,
    decision: Decision,
    second_by: str | None = None,
) -> Approval:
    override = request.override if breaches else None
    return Approval(
        fund_id=chosen.fund_id,
        allocation_id=chosen.allocation_id,
        digest=chosen.digest,
        decision=decision,
        method=ApprovalMethod.CODE,
        decided_by=request.decided_by,
        second_by=second_by,
        note=request.note,
        override_reason=override.reason if override else "",
        breaches=tuple({"limit": one.limit, "allowed": one.allowed, "measured": one.measured} for one in breaches),
        replaces=None,
        decided_at=act.at,
        correlation_id=act.correlation_id,
    )


def _in_one_transaction(
    ledger: Ledger, chosen: Allocation, approval: Approval, act: Act, instead_of: str | None
) -> Decided:
    try:
        if approval.decision is Decision.REJECTED:
            reject(ledger, approval, act)
        else:
            approval = put_in_force(ledger, chosen, approval, act, instead_of=instead_of)
    except ConflictError as meanwhile:
        raise RefusedError(Refusal.DECIDED_MEANWHILE, meanwhile.message, remedy=meanwhile.remedy) from None
    return Decided(get_allocation(ledger, chosen.allocation_id), approval)
