"""Whether an allocation can be decided on at all, before anything is measured and anybody's code is asked for."""

from __future__ import annotations

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.allocations.approval.expiry import expire_if_old
from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Request, Verb
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.approval_model import Approval, Decision
from fund_pipeline.ledger.audit import Act, history
from fund_pipeline.ledger.model import Allocation, AllocationStatus

_OVER = {
    AllocationStatus.SUPERSEDED: Refusal.SUPERSEDED,
    AllocationStatus.EXPIRED: Refusal.EXPIRED,
}


def refuse_same_run(ledger: Ledger, shown: Allocation, request: Request) -> None:
    """RefusedError when the run that asks made the allocation, by its own word or by the ledger's."""
    made = history(ledger, "allocation", shown.allocation_id)
    recommended = made and made[0].action == "allocation_recommended"
    here = recommended and made[0].correlation_id == request.correlation_id != ""
    if request.same_run or here:
        raise RefusedError(
            Refusal.SAME_RUN,
            "the run that decides has just made the recommendation itself, so nobody has looked at it",
            remedy="look at it, then decide in a run of its own: open the job approve_allocations",
        )


def refuse_unless_pending(
    ledger: Ledger, shown: Allocation, request: Request, policy: ApprovalPolicy, act: Act
) -> None:
    """RefusedError for what is decided, replaced, or too old to be approved; what is too old expires by it."""
    if shown.status is not AllocationStatus.PENDING_APPROVAL:
        raise RefusedError(
            _OVER.get(shown.status, Refusal.ALREADY_DECIDED),
            f"allocation {shown.allocation_id} is {shown.status.value}, no longer pending",
            remedy="look at what is pending now with `fund allocations list`",
        )
    if request.verb is not Verb.REJECT and (why := expire_if_old(ledger, shown, policy, act)):
        raise RefusedError(Refusal.EXPIRED, f"{shown.allocation_id} has expired: {why}", remedy="run `fund nightly`")


def refuse_unless_once_in_force(earlier: Allocation, decisions: tuple[Approval, ...]) -> None:
    """RefusedError for what cannot be brought back: only what a sealed approval put in force can."""
    approved = {(one.allocation_id, one.digest) for one in decisions if one.decision is Decision.APPROVED}
    if earlier.status is not AllocationStatus.ARCHIVED or (earlier.allocation_id, earlier.digest) not in approved:
        raise RefusedError(
            Refusal.NEVER_IN_FORCE,
            f"allocation {earlier.allocation_id} is {earlier.status.value}, not one that was in force before",
            remedy="choose one from `fund allocations history`",
        )
