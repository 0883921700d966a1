"""Old runs of jobs that run all day are forgotten; all others, young ones and those under way are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.trading.definitions import trading_definitions
from fund_pipeline.defs.trading.retention import PRUNED, prune_runs
from fund_pipeline_tests.ledger_fixtures import embedded_url

DEFINITIONS = trading_definitions(("demo",))
LATER = timedelta(days=1)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def made(instance: DagsterInstance, job: str, status: DagsterRunStatus = DagsterRunStatus.SUCCESS) -> str:
    run = instance.create_run_for_job(DEFINITIONS.resolve_job_def(job), status=status)
    return run.run_id


def test_only_what_is_old_over_and_of_those_jobs_is_deleted(instance: DagsterInstance) -> None:
    over = {made(instance, job) for job in PRUNED}
    failed = made(instance, PRUNED[0], DagsterRunStatus.FAILURE)
    under_way, evidence = made(instance, PRUNED[0], DagsterRunStatus.STARTED), made(instance, "strike_nav")
    assert prune_runs(instance, utc_now() - LATER).total() == 0
    assert prune_runs(instance, utc_now() + LATER).total() == len(over) + 1
    assert {one.run_id for one in instance.get_runs()} == {under_way, evidence}
    assert failed not in {one.run_id for one in instance.get_runs()}


def test_it_stops_in_time_and_goes_on_the_next_night(instance: DagsterInstance) -> None:
    made(instance, PRUNED[0])
    assert prune_runs(instance, utc_now() + LATER, minutes=-1).total() == 0
    assert prune_runs(instance, utc_now() + LATER).total() == 1


def test_the_job_tells_what_is_stored(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUND_HOME", str(tmp_path))
    embedded_url(founded, tmp_path / "ledger.sqlite")
    with DagsterInstance.ephemeral() as instance:
        result = DEFINITIONS.resolve_job_def("prune_history").execute_in_process(instance=instance)
    (output,) = [event for event in result.all_events if event.is_successful_output]
    told = output.step_output_data.metadata
    assert told["deleted"].value == 0
    assert told["ledger_bytes"].value > 0


@pytest.mark.parametrize("job", PRUNED)
def test_each_of_these_jobs_is_there(job: str) -> None:
    assert DEFINITIONS.resolve_job_def(job).name == job
