"""Schedules that start a job only while a market is open in which an account of ours trades."""

from collections.abc import Iterator

from dagster import (
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from fund_pipeline.accounts.hours import open_now
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.settings import load_settings


def in_market_hours(job: UnresolvedAssetJobDefinition, cron_schedule: str, description: str) -> ScheduleDefinition:
    """A schedule named after its job. Crypto accounts have no closing time; forex and futures the week; all others the
    New York sessions."""

    @schedule(
        name=f"{job.name}_in_market_hours",
        job=job,
        cron_schedule=cron_schedule,
        execution_timezone=load_settings().time_zone,
        default_status=DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def while_open(_context: ScheduleEvaluationContext) -> Iterator[RunRequest | SkipReason]:
        now = utc_now()
        with opened_ledger() as ledger:
            found = open_now(list_accounts(ledger), now)
        yield RunRequest(run_key=f"{now:%Y%m%d%H%M}") if found else SkipReason("no account's market is open")

    return while_open
