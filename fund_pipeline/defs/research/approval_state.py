"""How things stand with what a fund is recommended: read from the ledger, decided by nobody."""

from __future__ import annotations

from dataclasses import dataclass

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.approval.expiry import too_old
from fund_pipeline.defs.research.outcomes import find_outcome
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.active import active_allocation, list_approvals
from fund_pipeline.ledger.allocations import get_allocation, list_allocations
from fund_pipeline.ledger.approval_model import Approval, Decision
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import Allocation, AllocationOrigin, AllocationStatus
from fund_pipeline.ledger.recorded import proven_fund
from fund_pipeline.warehouse import Warehouse


@dataclass(frozen=True)
class Standing:
    """The newest recommendation of a fund, and whether it is approved.

    Attributes
    ----------
    recommended : None when the newest night found nothing to recommend, or there was none.
    approval : of `recommended`, or of weights that a person edited from it; None when there is none.
    words : the state, for a person.
    """

    recommended: Allocation | None
    approval: Approval | None
    words: str

    @property
    def is_pending(self) -> bool:
        """Whether a person can decide on it."""
        return self.recommended is not None and self.recommended.status is AllocationStatus.PENDING_APPROVAL


def standing_of(ledger: Ledger, warehouse: Warehouse, fund_id: str, now: Act) -> Standing:
    """How things stand with the fund's newest recommendation.

    Raises
    ------
    InvariantError : an allocation is in force that nobody approved.
    """
    active = active_allocation(ledger, fund_id)
    outcome = find_outcome(warehouse, fund_id)
    if outcome is None:
        return Standing(None, None, "Nothing was recommended yet: run `fund nightly`.")
    if outcome["allocation_id"] is None:
        return Standing(None, None, f"Nothing is recommended: {outcome['problem'] or outcome['status']}.")
    recommended = get_allocation(ledger, outcome["allocation_id"])
    approval = _approval_of(ledger, recommended) if active is not None else None
    if approval is None:
        return Standing(recommended, None, _unapproved(ledger, recommended, now))
    who = f"{approval.decided_by} ({approval.method.value.lower()})"
    edited = (
        ""
        if approval.allocation_id == recommended.allocation_id
        else f", with edited weights as {approval.allocation_id}"
    )
    since = ""
    if active is not None and active.allocation.allocation_id != approval.allocation_id:
        since = f" {active.allocation.allocation_id} has taken its place since."
    words = (
        f"{recommended.allocation_id} was approved by {who} at {approval.decided_at:%Y-%m-%d %H:%M:%S}Z{edited}.{since}"
    )
    return Standing(recommended, approval, words)


def _approval_of(ledger: Ledger, recommended: Allocation) -> Approval | None:
    same = {recommended.allocation_id} | {
        one.allocation_id
        for one in list_allocations(ledger, recommended.fund_id)
        if one.origin is AllocationOrigin.EDITED and one.based_on == recommended.allocation_id
    }
    for approval in list_approvals(ledger, recommended.fund_id):
        if approval.decision is Decision.APPROVED and approval.allocation_id in same:
            return approval
    return None


def _unapproved(ledger: Ledger, recommended: Allocation, now: Act) -> str:
    named = recommended.allocation_id
    if recommended.status is not AllocationStatus.PENDING_APPROVAL:
        return f"{named} is {recommended.status.value}: it was never approved."
    policy = limits_of(recommended.fund_id, proven_fund(ledger, recommended.fund_id).risk_limits).approval
    old = too_old(ledger, recommended, policy, now)
    return f"{named} waits for a person." if not old else f"{named} is too old to be approved: {old}."
