"""The allocation that sizes each fund's orders, and nothing that no person has approved."""

from dagster import (
    AssetCheckKey,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    AutomationCondition,
    DataVersion,
    Failure,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)

from fund_pipeline.defs.funds import active_key, recommended_key, step_of
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.active import ActiveAllocation, active_allocation

GROUP = "allocation"
OWNERS = ["team:admins"]


def released_by_approval() -> AutomationCondition[AssetKey | AssetCheckKey]:
    """Newly recommended or newly approved, and nothing blocks: the check allocation_approved passes.

    `eager` alone would miss an approval of what was recommended before the daemon ran.
    """
    newly_checked = AutomationCondition.any_deps_match(
        AutomationCondition.any_checks_match(AutomationCondition.newly_updated(), blocking_only=True)
    ).with_label("newly_checked")
    at_rest = (
        ~AutomationCondition.any_deps_missing()
        & ~AutomationCondition.any_deps_in_progress()
        & ~AutomationCondition.in_progress()
    )
    after_a_check = (newly_checked.since_last_handled() & at_rest).with_label("after_a_check")
    return (AutomationCondition.eager() | after_a_check) & AutomationCondition.all_deps_blocking_checks_passed()


def active(fund_id: str) -> AssetsDefinition:
    """The asset of one fund's allocation in force.

    Its body trusts the ledger alone, whatever Dagster says of the check: a check can be reported by hand, is ignored by
    schedules and launches by hand, and may be of another recommendation.
    """
    spec = AssetSpec(
        active_key(fund_id),
        description=f"The allocation in force of fund {fund_id}, as the ledger proves it: approved by a person with a "
        "one-time code. It fails, and nothing is sized, when there is none.",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"sqlalchemy"},
        deps=[recommended_key(fund_id)],
        automation_condition=released_by_approval(),
    )

    @multi_asset(name=step_of("active_allocation", fund_id), specs=[spec])
    def read(context: AssetExecutionContext) -> MaterializeResult[None]:
        found = approved_allocation(fund_id)
        return MaterializeResult(
            asset_key=spec.key, metadata=_metadata(found), data_version=DataVersion(found.allocation.digest)
        )

    return read


def approved_allocation(fund_id: str) -> ActiveAllocation:
    """The fund's allocation in force. Failure, which no retry mends, when nobody has approved one."""
    with opened_ledger() as ledger:
        try:
            found = active_allocation(ledger, fund_id)
        except InvariantError as unapproved:
            raise Failure(
                f"Refused: {unapproved.message}. Nothing may be sized by it.",
                metadata={"remedy": unapproved.remedy},
                allow_retries=False,
            ) from unapproved
    if found is None:
        raise Failure(
            f"Refused: no allocation of fund {fund_id} is approved. Nothing may be sized.",
            metadata={"remedy": "approve one: open the job approve_allocations, or run `fund allocations approve`"},
            allow_retries=False,
        )
    return found


def _metadata(found: ActiveAllocation) -> dict[str, MetadataValue | str]:
    allocation, approval = found.allocation, found.approval
    return {
        "allocation": allocation.allocation_id,
        "weights": MetadataValue.md(markdown_table(("strategy", "weight"), sorted(allocation.weights.items()))),
        "approved_by": approval.decided_by,
        "second_admin": approval.second_by or "–",
        "method": approval.method.value,
        "approved_at": MetadataValue.timestamp(approval.decided_at),
        "note": approval.note or "–",
        "override": approval.override_reason or "–",
        "digest": allocation.digest,
        "replaces": approval.replaces or "–",
        "decided_in": approval.correlation_id or "–",
    }
