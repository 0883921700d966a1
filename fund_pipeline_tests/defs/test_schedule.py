from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultScheduleStatus,
    RunRequest,
    SkipReason,
    build_schedule_context,
)

from fund_pipeline.defs.research.jobs import NIGHTLY
from fund_pipeline.defs.research.schedules import nightly_schedule

MIDNIGHT = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


def test_the_nightly_schedule_runs_from_the_start_at_midnight_of_the_configured_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FUND_TIME_ZONE", "Asia/Tokyo")
    schedule = nightly_schedule()
    assert schedule.cron_schedule == "0 0 * * *"
    assert schedule.execution_timezone == "Asia/Tokyo"
    assert schedule.default_status is DefaultScheduleStatus.RUNNING


def test_a_night_is_asked_for_once_by_its_time_and_skipped_while_another_runs(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        context = build_schedule_context(instance=instance, scheduled_execution_time=MIDNIGHT)
        asked = nightly_schedule()(context)
        assert isinstance(asked, RunRequest)
        assert asked.run_key == MIDNIGHT.isoformat()
        running = instance.create_run_for_job(job_def=_job(), status=DagsterRunStatus.STARTED)
        skipped = nightly_schedule()(context)
        assert isinstance(skipped, SkipReason)
        assert running.run_id in str(skipped.skip_message)


def _job():
    from fund_pipeline.defs.research.definitions import defs

    return defs.resolve_job_def(NIGHTLY)
