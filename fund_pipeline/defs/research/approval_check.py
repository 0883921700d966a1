"""The check in which a person decides on a fund's recommendation. What counts is the record it leaves in the ledger."""

from collections.abc import Sequence

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    MetadataValue,
    TextMetadataValue,
    multi_asset_check,
)

from fund_pipeline.allocations.approval.refusals import RefusedError
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.funds import ALLOCATION_APPROVED, approved_key, recommended_key, step_of
from fund_pipeline.defs.research.acts import correlation_of
from fund_pipeline.defs.research.approval_aid import ALTERED, approval_aid, in_force_metadata
from fund_pipeline.defs.research.approval_config import Choice, DecisionConfig
from fund_pipeline.defs.research.approval_request import decide_as_asked, use_up_codes
from fund_pipeline.defs.research.approval_state import standing_of
from fund_pipeline.defs.research.decision_aid import Sections
from fund_pipeline.defs.research.resources import DeskResource
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.approval_model import Decision
from fund_pipeline.ledger.audit import Act

DESCRIPTION = (
    "A person approved what is recommended. Read the metadata, then follow its link `decide`, which opens the job "
    "approve_allocations filled in. Executed without config it decides nothing and tells how things stand."
)


def approval_check(fund_id: str, data_checks: Sequence[AssetCheckKey]) -> AssetChecksDefinition:
    """The check of one fund; `data_checks` are those whose findings a person is told before they decide."""
    key = recommended_key(fund_id)
    spec = AssetCheckSpec(ALLOCATION_APPROVED, asset=key, blocking=True, description=DESCRIPTION)

    @multi_asset_check(name=step_of(ALLOCATION_APPROVED, fund_id), specs=[spec], description=DESCRIPTION)
    def allocation_approved(
        context: AssetCheckExecutionContext, config: DecisionConfig, desk: DeskResource
    ) -> AssetCheckResult:
        act = Act(f"dagster:{context.run.job_name}", utc_now(), correlation_of(context.run))
        if config.decision is Choice.wait:
            use_up_codes(desk, config, act)
            return _standing(context, desk, fund_id, data_checks, act)
        by_hand = Act(act.actor, act.at, context.run.run_id)
        try:
            decided = decide_as_asked(desk, fund_id, config, by_hand, same_run=_same_run(context, fund_id))
        except RefusedError as refused:
            told = {
                "refused": TextMetadataValue(refused.reason.value),
                "reason": TextMetadataValue(refused.message),
                "remedy": TextMetadataValue(refused.remedy),
            }
            shown = _standing(context, desk, fund_id, data_checks, act)
            return _result(
                fund_id,
                passed=False,
                severity=AssetCheckSeverity.ERROR,
                description=f"Refused, and nothing was changed: {refused}",
                metadata=told | dict(shown.metadata),
            )
        approved = decided.approval.decision is Decision.APPROVED
        shown = _standing(context, desk, fund_id, data_checks, act)
        return _result(
            fund_id,
            passed=approved,
            severity=AssetCheckSeverity.WARN,
            description=f"{decided.allocation.allocation_id} was {decided.approval.decision.value.lower()} by "
            f"{decided.approval.decided_by}.",
            metadata={"note": MetadataValue.text(decided.approval.note)} | dict(shown.metadata),
        )

    return allocation_approved


def _standing(
    context: AssetCheckExecutionContext,
    desk: DeskResource,
    fund_id: str,
    data_checks: Sequence[AssetCheckKey],
    act: Act,
) -> AssetCheckResult:
    """How things stand. Only an ERROR fails the run: waiting for a person is no error."""
    try:
        standing = standing_of(desk.ledger, desk.warehouse, fund_id, act)
        active = active_allocation(desk.ledger, fund_id)
        aid = approval_aid(desk.ledger, context.instance, standing, data_checks, act.at)
    except InvariantError as broken:
        return _result(fund_id, passed=False, severity=AssetCheckSeverity.ERROR, description=str(broken), metadata={})
    return _result(
        fund_id,
        passed=standing.approval is not None,
        severity=AssetCheckSeverity.ERROR if standing.is_pending and ALTERED in aid else AssetCheckSeverity.WARN,
        description=standing.words,
        metadata=aid | (in_force_metadata(active) if active is not None else {}),
    )


def _same_run(context: AssetCheckExecutionContext, fund_id: str) -> bool:
    """Whether this very run makes the recommendation, or has: then nobody can have looked at it."""
    key = recommended_key(fund_id)
    latest = context.instance.get_latest_materialization_event(key)
    made_here = latest is not None and latest.run_id == context.run.run_id
    return made_here or key in context.job_def.asset_layer.executable_asset_keys


def _result(
    fund_id: str, *, passed: bool, severity: AssetCheckSeverity, description: str, metadata: Sections
) -> AssetCheckResult:
    key = approved_key(fund_id)
    return AssetCheckResult(
        passed=passed,
        asset_key=key.asset_key,
        check_name=key.name,
        severity=severity,
        description=description,
        metadata=metadata,
    )
