"""Whether an allocation can be decided on at all, before anything is measured and anybody's code is asked for."""

from __future__ import annotations

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.allocations.approval.expiry import expire_if_old, old_data
from fund_pipeline.allocations.approval.noting import NAME
from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Request
from fund_pipeline.errors import InvariantError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import get_allocation, get_run
from fund_pipeline.ledger.approval_model import Approval, Decision
from fund_pipeline.ledger.audit import Act, history
from fund_pipeline.ledger.digests import allocation_digest, names_digest, shown_id
from fund_pipeline.ledger.model import Allocation, AllocationStatus
from fund_pipeline.ledger.recorded import check_made, check_pending, proven_run

_OVER = {
    AllocationStatus.SUPERSEDED: Refusal.SUPERSEDED,
    AllocationStatus.EXPIRED: Refusal.EXPIRED,
}


def what_is_shown(ledger: Ledger, request: Request) -> Allocation:
    """The allocation a request names. RefusedError when there is none, or it is not what the name's digest says."""
    allocation_id, _, digest = request.shown.partition(":")
    try:
        if not NAME.fullmatch(request.shown):
            raise NotFoundError("that is no allocation's name", remedy="name one as `fund allocations list` does")
        allocation = get_allocation(ledger, allocation_id)
    except NotFoundError as unknown:
        raise RefusedError(Refusal.UNKNOWN_ALLOCATION, unknown.message, remedy=unknown.remedy) from None
    inputs = get_run(ledger, allocation.run_id).inputs_digest
    if allocation_digest(inputs, allocation.weights) != allocation.digest:
        raise RefusedError(
            Refusal.NOT_WHAT_WAS_SHOWN,
            f"{allocation_id} is not what was recorded: its weights or inputs were changed since",
            remedy="run `fund audit verify`: somebody changed the database",
        )
    if not names_digest(digest, allocation.digest):
        raise RefusedError(
            Refusal.NOT_WHAT_WAS_SHOWN,
            f"{request.shown!r} is not {allocation_id} as it stands",
            remedy=f"look at it again; what is to be decided is called {shown_id(allocation_id, allocation.digest)}",
        )
    return allocation


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


def refuse_unless_pending(shown: Allocation) -> None:
    """RefusedError for what is decided or replaced."""
    if shown.status is not AllocationStatus.PENDING_APPROVAL:
        raise RefusedError(
            _OVER.get(shown.status, Refusal.ALREADY_DECIDED),
            f"allocation {shown.allocation_id} is {shown.status.value}, no longer pending",
            remedy="look at what is pending now with `fund allocations list`",
        )


def refuse_if_old(ledger: Ledger, shown: Allocation, policy: ApprovalPolicy, act: Act) -> None:
    """RefusedError for what is too old to be approved; it expires by it."""
    if why := expire_if_old(ledger, shown, policy, act):
        raise RefusedError(Refusal.EXPIRED, f"{shown.allocation_id} has expired: {why}", remedy="run `fund nightly`")


def refuse_old_data(ledger: Ledger, chosen: Allocation, policy: ApprovalPolicy, act: Act) -> None:
    """RefusedError when an earlier allocation would be brought back on data that are too old to judge it by."""
    if why := old_data(get_run(ledger, chosen.run_id), policy, act.at):
        raise RefusedError(
            Refusal.EXPIRED,
            f"what would be brought back rests on {chosen.run_id}, and {why}",
            remedy="send newer backtests and run `fund nightly`, then bring it back",
        )


def refuse_altered(ledger: Ledger, shown: Allocation, *, run_too: bool) -> None:
    """RefusedError unless a pending allocation, and what its run found, are what the audit log recorded of them."""
    why = altered(ledger, shown, run_too=run_too)
    if why is not None:
        raise RefusedError(Refusal.NOT_WHAT_WAS_SHOWN, why.message, remedy=why.remedy)


def altered(ledger: Ledger, shown: Allocation, *, run_too: bool = True) -> InvariantError | None:
    """What is not as it was recorded of an allocation that is shown, and its run: shown figures come from both."""
    pending = shown.status is AllocationStatus.PENDING_APPROVAL
    try:
        with ledger.reading() as connection:
            (check_pending if pending else check_made)(connection, ledger.audit_keys, shown)
        if run_too:
            proven_run(ledger, shown.run_id)
    except InvariantError as why:
        now = get_allocation(ledger, shown.allocation_id)
        # Decided or replaced between the two looks: it is judged as it is now; the decision is refused for that later.
        return why if now.status is shown.status else altered(ledger, now, run_too=run_too)
    return None


def refuse_unless_once_in_force(earlier: Allocation, decisions: tuple[Approval, ...]) -> None:
    """RefusedError for what cannot be brought back: only what a sealed approval put in force can."""
    approved = {(one.allocation_id, one.digest) for one in decisions if one.decision is Decision.APPROVED}
    if earlier.status is not AllocationStatus.ARCHIVED or (earlier.allocation_id, earlier.digest) not in approved:
        raise RefusedError(
            Refusal.NEVER_IN_FORCE,
            f"allocation {earlier.allocation_id} is {earlier.status.value}, not one that was in force before",
            remedy="choose one from `fund allocations history`",
        )
