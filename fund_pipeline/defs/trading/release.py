"""What releases an approved allocation within seconds, whichever way it was approved."""

from collections.abc import Iterator
from datetime import timedelta

from dagster import (
    AssetKey,
    AssetSelection,
    AutomationConditionSensorDefinition,
    DagsterInstance,
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    sensor,
)

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.funds import active_key
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.active import ActiveAllocation, active_allocation
from fund_pipeline.ledger.approval_model import ApprovalMethod

INTERVAL_SECONDS = 5
AUTOMATION_IS_GIVEN = timedelta(seconds=30)
"""An approval in Dagster is released by its check; only after this is it looked for here."""

RETRY_SECONDS = 300


def release_after_the_check(fund_ids: tuple[str, ...]) -> AutomationConditionSensorDefinition:
    """Declarative automation: an allocation is materialised when its recommendation's check passes."""
    return AutomationConditionSensorDefinition(
        "release_approved_allocations",
        target=AssetSelection.assets(*(active_key(fund_id) for fund_id in fund_ids)),
        default_status=DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=INTERVAL_SECONDS,
        description="Materialises active_allocation when the check allocation_approved of its fund passes.",
    )


def follow_the_ledger(fund_ids: tuple[str, ...]) -> SensorDefinition:
    """What was decided elsewhere, by the command, the API or a rollback, is in Dagster seconds later too."""

    @sensor(
        name="follow_the_ledger",
        target=AssetSelection.assets(*(active_key(fund_id) for fund_id in fund_ids)),
        default_status=DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=INTERVAL_SECONDS,
        description="Materialises active_allocation when the ledger has another one in force than Dagster shows.",
    )
    def follow(context: SensorEvaluationContext) -> Iterator[RunRequest]:
        with opened_ledger() as ledger:
            for fund_id in fund_ids:
                try:
                    found = active_allocation(ledger, fund_id)
                except InvariantError as broken:
                    context.log.error(str(broken))
                    continue
                if found is not None and _is_news(context.instance, active_key(fund_id), found):
                    attempt = int(utc_now().timestamp()) // RETRY_SECONDS
                    yield RunRequest(
                        run_key=f"{found.allocation.allocation_id}:{attempt}", asset_selection=[active_key(fund_id)]
                    )

    return follow


def _is_news(instance: DagsterInstance, key: AssetKey, found: ActiveAllocation) -> bool:
    event = instance.get_latest_materialization_event(key)
    shown = event.asset_materialization if event is not None else None
    if shown is not None and shown.metadata["allocation"].value == found.allocation.allocation_id:
        return False
    approval = found.approval
    in_dagster = approval.method is ApprovalMethod.POLICY or instance.has_run(approval.correlation_id)
    return not in_dagster or utc_now() - approval.decided_at > AUTOMATION_IS_GIVEN
