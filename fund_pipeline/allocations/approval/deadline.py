"""Until when a pending recommendation can be decided on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.ledger.model import Allocation, OptimisationRun


def deadline(allocation: Allocation, run: OptimisationRun, policy: ApprovalPolicy) -> datetime:
    """The moment (UTC) from which `expiry.too_old` calls the allocation of a run too old under a policy."""
    by_age = allocation.created_at + timedelta(hours=policy.max_age_hours)
    last = run.inputs["window"]["last_date"]
    if policy.max_data_age_days is None or last is None:
        return by_age
    first_too_old = date.fromisoformat(last) + timedelta(days=policy.max_data_age_days + 1)
    return min(by_age, datetime.combine(first_too_old, time(), UTC))
