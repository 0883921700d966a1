"""The process of a run that the stock launcher started: Dagster tells its number in the run's log, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from dagster import DagsterEventType
from dagster._core.storage.tags import GRPC_INFO_TAG

from fund_pipeline.launcher.worker import WORKER_TAG, Worker

if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRun

_STARTED = re.compile(r"Started process for run \(pid: (\d+)\)")
_LATER_SECONDS = 60.0
"""A process that began so long after the run's first word has been given the number of one that is gone."""


def worker_of_stock(instance: DagsterInstance, run: DagsterRun) -> Worker | None:
    """The run's process; None where it is of another machine, or has not said its number yet.

    The first look that finds it alive tags the run with what tells it from a later process of the same number.
    """
    if not _is_near(run):
        return None
    for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT):
        told = _STARTED.search(entry.message or entry.user_message or "")
        if told is None and entry.dagster_event is not None:
            told = _STARTED.search(entry.dagster_event.message or "")
        if told is not None:
            return _alive(instance, run, int(told[1]), entry.timestamp) or Worker.gone(int(told[1]))
    return None


def _is_near(run: DagsterRun) -> bool:
    """Whether its code server listens on a socket of this machine."""
    told = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
    return "socket" in told and Path(told["socket"]).parent.exists()


def _alive(instance: DagsterInstance, run: DagsterRun, pid: int, told_at: float) -> Worker | None:
    try:
        worker = Worker.of(pid)
        if psutil.Process(pid).create_time() > told_at + _LATER_SECONDS:
            return None
    except (ProcessLookupError, psutil.NoSuchProcess):
        return None
    instance.add_run_tags(run.run_id, {WORKER_TAG: str(worker)})
    return worker
