"""Running a job of research here and now, told step by step, and recorded like any other run."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster import DagsterEvent, DagsterEventType, DagsterInstance, EventLogEntry

from fund_pipeline.defs.home import prepare_home
from fund_pipeline.errors import FundError
from fund_pipeline.launcher.worker import WORKER_TAG, Worker
from fund_pipeline.logs import CORRELATION_TAG
from fund_pipeline.settings import Settings


class RunFailedError(FundError):
    """Whoever started the run must look at it: a step failed, and the run's log says why."""


@dataclass(frozen=True)
class CheckOutcome:
    """One asset check of the run: passed, or not with this severity (WARN or ERROR)."""

    asset: str
    name: str
    passed: bool
    severity: str


@dataclass(frozen=True)
class RunOutcome:
    """A finished run: its id in Dagster, how long it took, and every check it made."""

    run_id: str
    seconds: float
    checks: tuple[CheckOutcome, ...]

    def count(self, *, passed: bool, severity: str | None = None) -> int:
        """How many checks passed, or failed with a severity."""
        return sum(check.passed == passed and (severity is None or check.severity == severity) for check in self.checks)


@dataclass(frozen=True)
class Step:
    """One asset of the run that is done: the how-maniest of how many."""

    asset: str
    done: int
    total: int


LOOK = "correct that and run it again; `fund up` shows the run's whole log"

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The terminal shows progress and the outcome; the whole log is in Dagster."""

Progress = Callable[[Step], None]


def run_research(
    settings: Settings, name: str, correlation_id: str, progress: Progress, ops: Mapping[str, Any] | None = None
) -> RunOutcome:
    """Run a job of research in this process, telling `progress` of each asset that is done; `ops` is its run config.

    Raises RunFailedError with the first step that failed and its reason; everything before it stays done.
    """
    prepare_home(settings)
    from fund_pipeline.defs.funds import fund_ids
    from fund_pipeline.defs.research.definitions import research_definitions

    job = research_definitions(fund_ids(settings)).resolve_job_def(name)
    total = len(set(job.asset_layer.executable_asset_keys))
    run_id = str(uuid.uuid4())
    done: list[str] = []

    def tell(entry: EventLogEntry) -> None:
        event = entry.dagster_event
        if event is not None and event.event_type is DagsterEventType.ASSET_MATERIALIZATION and event.asset_key:
            done.append(event.asset_key.to_user_string())
            progress(Step(done[-1], len(done), total))

    with DagsterInstance.get() as instance:
        instance.add_event_listener(run_id, tell)
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_id=run_id,
            run_config={**QUIET, "ops": dict(ops or {})},
            tags={CORRELATION_TAG: correlation_id, WORKER_TAG: str(Worker.of(os.getpid()))},
        )
        record = instance.get_run_record_by_id(run_id)
    if not result.success or record is None:
        raise RunFailedError(f"the run {run_id} failed at {_reason(result.all_events)}", remedy=LOOK)
    seconds = (record.end_time or 0.0) - (record.start_time or 0.0)
    return RunOutcome(run_id, seconds, tuple(_checks(result.all_events)))


def _checks(events: Sequence[DagsterEvent]) -> Iterator[CheckOutcome]:
    for event in events:
        if event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION:
            found = event.asset_check_evaluation_data
            yield CheckOutcome(found.asset_key.to_user_string(), found.check_name, found.passed, found.severity.value)


def _reason(events: Sequence[DagsterEvent]) -> str:
    for event in events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error is not None and error.cause is not None:
                error = error.cause
            words = " ".join(error.message.split()) if error is not None else "no reason was recorded"
            return f"{event.step_key}: {words}"
    return "the run stopped before its first step"
