"""When research runs by itself."""

from __future__ import annotations

from dagster import (
    DagsterRunStatus,
    DefaultScheduleStatus,
    RunRequest,
    RunsFilter,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from fund_pipeline.defs.research.jobs import NIGHTLY, nightly_optimisation
from fund_pipeline.settings import load_settings

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def nightly_schedule() -> ScheduleDefinition:
    """Midnight in the fund's time zone, running from the start; a night whose predecessor still runs is skipped."""

    @schedule(
        name=f"{NIGHTLY}_at_midnight",
        job=nightly_optimisation,
        cron_schedule="0 0 * * *",
        execution_timezone=load_settings().time_zone,
        default_status=DefaultScheduleStatus.RUNNING,
        description="Runs the nightly optimisation at midnight in the fund's time zone, never two at once.",
    )
    def at_midnight(context: ScheduleEvaluationContext) -> RunRequest | SkipReason:
        running = context.instance.get_run_records(RunsFilter(job_name=NIGHTLY, statuses=UNFINISHED), limit=1)
        if running:
            return SkipReason(f"run {running[0].dagster_run.run_id} of {NIGHTLY} has not ended")
        return RunRequest(run_key=context.scheduled_execution_time.isoformat())

    return at_midnight
