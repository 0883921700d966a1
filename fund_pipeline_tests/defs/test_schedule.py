import pytest
from dagster import DefaultScheduleStatus

from fund_pipeline.defs.research.schedules import nightly_schedule


def test_the_nightly_schedule_runs_from_the_start_at_midnight_of_the_configured_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FUND_TIME_ZONE", "Asia/Tokyo")
    schedule = nightly_schedule()
    assert schedule.cron_schedule == "0 0 * * *"
    assert schedule.execution_timezone == "Asia/Tokyo"
    assert schedule.default_status is DefaultScheduleStatus.RUNNING
