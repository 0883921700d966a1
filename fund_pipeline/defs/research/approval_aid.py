"""The decision aid on the check: what is pending, how good the data are, how old it is, and how to decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dagster import AssetCheckKey, DagsterInstance, MetadataValue, TextMetadataValue
from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.approval.deadline import data_age_days, deadline, newest_return
from fund_pipeline.allocations.approval.standing import altered
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.research.approval_config import filled_form, launchpad
from fund_pipeline.defs.research.approval_state import Standing
from fund_pipeline.defs.research.backtest_assets import SHOWN
from fund_pipeline.defs.research.decision_aid import Sections, aid_of
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.active import ActiveAllocation
from fund_pipeline.ledger.allocations import get_run
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.model import Allocation, OptimisationRun
from fund_pipeline.ledger.recorded import proven_fund

ALTERED = "not_as_recorded"
"""Under which name the aid says, in place of all figures, that somebody changed them."""


def approval_aid(
    ledger: Ledger, instance: DagsterInstance, standing: Standing, data_checks: Sequence[AssetCheckKey], now: datetime
) -> Sections:
    """Everything a person wants to know before they decide; with how to decide while it is pending."""
    state: Sections = {"state": TextMetadataValue(standing.words)}
    allocation = standing.recommended
    if allocation is None:
        return state | {"data_warnings": MetadataValue.md(_data_warnings(instance, data_checks))}
    run = get_run(ledger, allocation.run_id)
    if (why := altered(ledger, allocation)) is not None:
        # Figures that may be somebody's own are worse than none: nothing is shown of them, and nothing to decide with.
        return state | {ALTERED: TextMetadataValue(str(why))}
    return (
        state
        | (_how_to_decide(allocation) if standing.is_pending else {})
        | {"age": MetadataValue.md(_age(ledger, allocation, run, now))}
        | {"data_warnings": MetadataValue.md(_data_warnings(instance, data_checks))}
        | aid_of(run)
        | (
            {"ready_to_paste": MetadataValue.md(f"```yaml\n{filled_form(allocation)}```")}
            if standing.is_pending
            else {}
        )
    )


def in_force_metadata(found: ActiveAllocation) -> Sections:
    """What is in force, and by whose word."""
    approval, weights = found.approval, found.allocation.weights
    return {
        "in_force": TextMetadataValue(found.allocation.allocation_id),
        "in_force_by": TextMetadataValue(f"{approval.decided_by} at {approval.decided_at:%Y-%m-%d %H:%M:%S}Z"),
        "weights_in_force": MetadataValue.md(markdown_table(("strategy", "weight"), sorted(weights.items())[:SHOWN])),
    }


def _how_to_decide(allocation: Allocation) -> Sections:
    return {
        "allocation_id": TextMetadataValue(shown_id(allocation.allocation_id, allocation.digest)),
        "decide": MetadataValue.url(launchpad(filled_form(allocation))),
    }


def _age(ledger: Ledger, allocation: Allocation, run: OptimisationRun, now: datetime) -> str:
    policy = limits_of(allocation.fund_id, proven_fund(ledger, allocation.fund_id).risk_limits).approval
    hours = (now - allocation.created_at).total_seconds() / 3600
    ends = deadline(allocation, run, policy)
    window = run.inputs["window"]
    rows = [
        ("recommended", f"{allocation.created_at:%Y-%m-%d %H:%M}Z", f"{hours:.1f} hours ago"),
        ("expires", f"{ends:%Y-%m-%d %H:%M}Z", ""),
    ]
    if (last := newest_return(run)) is not None:
        days = data_age_days(run, now)
        most = "never too old" if policy.max_data_age_days is None else f"too old after {policy.max_data_age_days}"
        rows.append(("newest return", str(last), f"{days} days ago, {most}"))
        rows.append(("common history", f"{window['first_date']} – {last}", f"{window['days']} days"))
    return markdown_table(("", "when", ""), rows)


def _data_warnings(instance: DagsterInstance, keys: Sequence[AssetCheckKey]) -> str:
    """Checks of everything upstream that did not pass when they last ran, or never ran."""
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    rows = []
    for key in keys:
        asset = key.asset_key.to_user_string()
        record = latest.get(key)
        ran = record is not None and record.status in COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
        evaluation = record.evaluation if record is not None and ran else None
        if evaluation is None:
            rows.append((f"[{key.name}](/assets/{asset}?view=checks)", asset, "never ran", "–"))
        elif not evaluation.passed:
            found = evaluation.metadata.get("found")
            count = str(found.value) if found is not None else "–"
            rows.append((f"[{key.name}](/assets/{asset}?view=checks)", asset, evaluation.severity.value, count))
    return markdown_table(("check", "asset", "severity", "findings"), rows[:SHOWN])
