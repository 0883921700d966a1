"""When research runs by itself."""

from __future__ import annotations

from dagster import DefaultScheduleStatus, ScheduleDefinition

from fund_pipeline.defs.research.jobs import NIGHTLY, PUBLISH, nightly_optimisation, publish_dashboards
from fund_pipeline.settings import load_settings


def nightly_schedule() -> ScheduleDefinition:
    """Midnight in the fund's time zone, running from the start.

    A night is never skipped for another run: runs take turns by the lock that FundResource holds, which a crashed run
    lets go of, while Dagster may call it STARTED for ever.
    """
    return ScheduleDefinition(
        name=f"{NIGHTLY}_at_midnight",
        job=nightly_optimisation,
        cron_schedule="0 0 * * *",
        execution_timezone=load_settings().time_zone,
        default_status=DefaultScheduleStatus.RUNNING,
        description="Runs the nightly optimisation at midnight in the fund's time zone; two runs take turns.",
    )


def publishing_schedule() -> ScheduleDefinition:
    """Every quarter of an hour, running from the start; a build takes its turn after one that is still at work.

    Three minutes after the books were reconciled: it shows what they found, and does not compete with it.
    """
    return ScheduleDefinition(
        name=f"{PUBLISH}_every_quarter",
        job=publish_dashboards,
        cron_schedule="3-59/15 * * * *",
        execution_timezone=load_settings().time_zone,
        default_status=DefaultScheduleStatus.RUNNING,
        description="Builds the marts from the ledger and publishes them, every quarter of an hour.",
    )
