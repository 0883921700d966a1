"""Until when a recommendation can be decided on: the one place that knows its age and that of its data."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.ledger.model import Allocation, OptimisationRun


def deadline(allocation: Allocation, run: OptimisationRun, policy: ApprovalPolicy) -> datetime:
    """The moment (UTC) from which the allocation of a run is too old under a policy, for its own age or its data's."""
    by_age, by_data = age_ends(allocation, policy), data_end(run, policy)
    return by_age if by_data is None else min(by_age, by_data)


def age_ends(allocation: Allocation, policy: ApprovalPolicy) -> datetime:
    """The moment from which the allocation itself has been pending for too long."""
    return allocation.created_at + timedelta(hours=policy.max_age_hours)


def data_end(run: OptimisationRun, policy: ApprovalPolicy) -> datetime | None:
    """The midnight (UTC) from which the run's newest return is too old; None where it never is."""
    last = newest_return(run)
    if policy.max_data_age_days is None or last is None:
        return None
    return datetime.combine(last + timedelta(days=policy.max_data_age_days + 1), time(), UTC)


def data_age_days(run: OptimisationRun, at: datetime) -> int | None:
    """Calendar days of UTC since the run's newest return; None without returns."""
    last = newest_return(run)
    return None if last is None else (at.astimezone(UTC).date() - last).days


def newest_return(run: OptimisationRun) -> date | None:
    """The last day of the common history; None without returns."""
    last = run.inputs["window"]["last_date"]
    return None if last is None else date.fromisoformat(last)
