"""The job that reads backtests alone: one strategy's file again, or all that changed."""

from __future__ import annotations

from typing import Any

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from fund_pipeline.backtests import Quarantine, ingestion
from fund_pipeline.defs.research.definitions import research_definitions
from fund_pipeline.ledger.backtests import list_summaries
from fund_pipeline.logs import CORRELATION_TAG
from fund_pipeline.services.research import QUIET
from fund_pipeline.settings import load_settings
from fund_pipeline_tests.defs.conftest import CHOSEN, Night


def ingest(only: str | None) -> ExecuteInProcessResult:
    """The job, here and now, as it is started from outside."""
    job = research_definitions(()).resolve_job_def(ingestion.JOB)
    config: dict[str, Any] = ingestion.config_for(only) | QUIET
    with DagsterInstance.ephemeral() as instance:
        return job.execute_in_process(
            run_config=config, instance=instance, raise_on_error=False, tags={CORRELATION_TAG: "corr-9"}
        )


def reasons(result: ExecuteInProcessResult) -> str:
    """Why steps failed."""
    found = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    return " ".join(f"{one.user_failure_data and one.user_failure_data.description} {one.error}" for one in found)


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_one_strategys_file_is_read_or_all_and_a_refused_one_fails_the_run_that_asked_for_it(night: Night) -> None:
    one, *others = CHOSEN
    assert ingest(one).success
    assert [summary.strategy_id for summary in list_summaries(night.ledger)] == [one]
    assert ingest(None).success
    assert [summary.strategy_id for summary in list_summaries(night.ledger)] == list(CHOSEN)

    (night.folder / f"{others[0]}.csv").write_text("Date,Return\n2020-01-02,not a number\n")
    refused = ingest(others[0])
    assert not refused.success
    assert f"the file of {others[0]} is in quarantine" in reasons(refused)
    assert [entry.strategy_id for entry in Quarantine(load_settings().quarantine).list()] == [others[0]]
    assert [summary.strategy_id for summary in list_summaries(night.ledger)] == list(CHOSEN)
    assert ingest(None).success

    (night.folder / f"{others[1]}.csv").unlink()
    missing = ingest(others[1])
    assert not missing.success
    assert f"no file for strategy '{others[1]}'" in reasons(missing)
