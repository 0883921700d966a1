"""The code location `trading`."""

from __future__ import annotations

from dagster import (
    AssetSelection,
    DefaultScheduleStatus,
    Definitions,
    ScheduleDefinition,
    define_asset_job,
    in_process_executor,
)

from fund_pipeline.defs.funds import fund_ids
from fund_pipeline.defs.trading.active_assets import active
from fund_pipeline.defs.trading.registry_assets import fund_registry, strategy_registry
from fund_pipeline.defs.trading.release import follow_the_ledger, release_after_the_check
from fund_pipeline.settings import load_settings

note_registry = define_asset_job(
    "note_registry",
    selection=AssetSelection.assets(fund_registry, strategy_registry),
    description="Note which funds and strategies the ledger holds, and whether anything changed.",
)

before_the_night = ScheduleDefinition(
    name="note_registry_before_midnight",
    job=note_registry,
    cron_schedule="55 23 * * *",
    execution_timezone=load_settings().time_zone,
    default_status=DefaultScheduleStatus.RUNNING,
    description="Notes the registry that the nightly optimisation is about to work from.",
)


def trading_definitions(funds: tuple[str, ...]) -> Definitions:
    """Everything of the location, with one allocation in force for each of the funds (by id)."""
    return Definitions(
        assets=[fund_registry, strategy_registry, *(active(fund_id) for fund_id in funds)],
        jobs=[note_registry],
        schedules=[before_the_night],
        sensors=[release_after_the_check(funds), follow_the_ledger(funds)] if funds else [],
        executor=in_process_executor,
    )


defs = trading_definitions(fund_ids(load_settings()))
