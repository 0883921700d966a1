"""Runs that say nothing more than the ledger does are forgotten in time: their events would fill the disk.

Deleting a run makes its key fire again, so that only jobs are named here whose keys have the minute in them, or a fact
that comes once. What Dagster itself prunes, ticks, is told in `dagster.yaml`.
"""

import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultScheduleStatus,
    MetadataValue,
    OpExecutionContext,
    RunsFilter,
    ScheduleDefinition,
    job,
    op,
)

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.trading.books_assets import RECONCILE_BOOKS
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.order_sensors import NOTE_EXECUTIONS
from fund_pipeline.defs.trading.watching import SIZE_AND_EXECUTE
from fund_pipeline.ledger.signal_quality import count_states
from fund_pipeline.settings import load_settings

PRUNE_HISTORY = "prune_history"
PRUNED = (SIZE_AND_EXECUTE, NOTE_EXECUTIONS, RECONCILE_BOOKS, "take_snapshots", "look_at_signals", PRUNE_HISTORY)
"""Jobs that run all day. Nights, approvals, NAVs and payouts are kept for ever: they are evidence."""

OVER = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
AT_A_TIME = 200
MINUTES = 20.0
"""How long one night prunes at most; the next goes on."""


def prune_runs(instance: DagsterInstance, before: datetime, minutes: float = MINUTES) -> Counter[str]:
    """Delete finished runs of `PRUNED` created before then, the oldest first; how many of each job."""
    done: Counter[str] = Counter()
    end = time.monotonic() + 60 * minutes
    for name in PRUNED:
        old = RunsFilter(job_name=name, statuses=OVER, created_before=before)
        while found := instance.get_runs(old, limit=AT_A_TIME, ascending=True):
            for run in found:
                if time.monotonic() > end:
                    return done
                instance.delete_run(run.run_id)
                done[name] += 1
    return done


@op
def forget_old_runs(context: OpExecutionContext) -> None:
    """Delete what is older than FUND_RUN_DAYS, and tell what is stored."""
    settings = load_settings()
    done = prune_runs(context.instance, utc_now() - timedelta(days=settings.run_days))
    with opened_ledger() as ledger:
        signals = sum(count_states(ledger).values())
    sizes = {"ledger": _size(settings.root.glob("ledger.sqlite*")), "dagster": _size(settings.dagster_home.rglob("*"))}
    metadata: dict[str, MetadataValue | int | float] = {
        "deleted": sum(done.values()),
        "deleted_by_job": MetadataValue.json(dict(done)),
        "signals": signals,
    }
    for name, size in sizes.items():
        if size:  # with PostgreSQL the database knows
            metadata[f"{name}_bytes"] = size
            metadata[f"{name}_bytes_per_1000_signals"] = round(size / max(signals, 1) * 1000)
    context.add_output_metadata(metadata)


@job(
    name=PRUNE_HISTORY,
    description="Forget finished runs of the jobs that run all day, once they are older than FUND_RUN_DAYS.",
)
def prune_history() -> None:
    """One op."""
    forget_old_runs()


prune_every_night = ScheduleDefinition(
    name="prune_history_every_night",
    job=prune_history,
    cron_schedule="40 3 * * *",
    execution_timezone=load_settings().time_zone,
    default_status=DefaultScheduleStatus.RUNNING,
    description="When nobody trades.",
)


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
