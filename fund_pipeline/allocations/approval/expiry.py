"""Pending recommendations that are too old to be decided on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.allocations.approval.deadline import age_ends, data_age_days, data_end
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import get_run
from fund_pipeline.ledger.approvals import expire
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import Allocation, OptimisationRun

EXPIRY = "expiry"
"""Who expires what is too old: the rule, not the person who happened to ask, and who has shown no code yet."""


def expire_if_old(ledger: Ledger, allocation: Allocation, policy: ApprovalPolicy, act: Act) -> str:
    """Expire a pending allocation that is too old at `act.at`; why, or an empty text if it is not."""
    why = too_old(ledger, allocation, policy, act)
    if why:
        expire(ledger, allocation.allocation_id, why, replace(act, actor=EXPIRY))
    return why


def too_old(ledger: Ledger, allocation: Allocation, policy: ApprovalPolicy, act: Act) -> str:
    """Why an allocation is too old at `act.at`, or an empty text."""
    if act.at >= age_ends(allocation, policy):
        hours = (act.at - allocation.created_at).total_seconds() / 3600
        return f"it has been pending for {hours:.0f} hours, allowed {policy.max_age_hours:g}"
    return old_data(get_run(ledger, allocation.run_id), policy, act.at)


def old_data(run: OptimisationRun, policy: ApprovalPolicy, at: datetime) -> str:
    """Why the data of a run are too old, or an empty text. Their age counts in calendar days of UTC."""
    ends = data_end(run, policy)
    if ends is None or at < ends:
        return ""
    return f"its newest return is {data_age_days(run, at)} days old, allowed {policy.max_data_age_days}"
