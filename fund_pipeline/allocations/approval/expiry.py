"""Pending recommendations that are too old to be decided on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import get_run
from fund_pipeline.ledger.approvals import expire
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import Allocation

EXPIRY = "expiry"
"""Who expires what is too old: the rule, not the person who happened to ask, and who has shown no code yet."""


def expire_if_old(ledger: Ledger, allocation: Allocation, policy: ApprovalPolicy, act: Act) -> str:
    """Expire a pending allocation that is too old at `act.at`; why, or an empty text if it is not."""
    why = too_old(ledger, allocation, policy, act)
    if why:
        expire(ledger, allocation.allocation_id, why, replace(act, actor=EXPIRY))
    return why


def too_old(ledger: Ledger, allocation: Allocation, policy: ApprovalPolicy, act: Act) -> str:
    """Why an allocation is too old at `act.at`, or an empty text. The age of data counts in calendar days of UTC."""
    age = act.at - allocation.created_at
    if age > timedelta(hours=policy.max_age_hours):
        return f"it has been pending for {age.total_seconds() / 3600:.0f} hours, allowed {policy.max_age_hours:g}"
    last = get_run(ledger, allocation.run_id).inputs["window"]["last_date"]
    if policy.max_data_age_days is not None and last is not None:
        days = (act.at.astimezone(UTC).date() - date.fromisoformat(last)).days
        if days > policy.max_data_age_days:
            return f"its newest return is {days} days old, allowed {policy.max_data_age_days}"
    return ""
