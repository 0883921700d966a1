"""When research runs by itself."""

from __future__ import annotations

from dagster import DefaultScheduleStatus, ScheduleDefinition

from fund_pipeline.defs.research.jobs import NIGHTLY, nightly_optimisation
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
