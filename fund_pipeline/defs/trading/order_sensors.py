"""What starts the signal path, and what follows orders to their end."""

from collections.abc import Iterator
from datetime import timedelta

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from fund_pipeline.clock import utc_now
from fund_pipeline.decisions.following_up import WITHIN
from fund_pipeline.defs.trading.desk import opened_desk
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.starting import note_this_start
from fund_pipeline.execution import follow
from fund_pipeline.ledger.executions_aside import count_aside
from fund_pipeline.ledger.follow_ups import due_follow_ups
from fund_pipeline.ledger.work_waiting import count_orders_to_follow, holders, waiting_signals

SIZE_AND_EXECUTE, NOTE_EXECUTIONS = "size_and_execute", "note_executions"
INTERVAL_SECONDS = 5
UNDER_WAY = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
]
LATE_FILLS = timedelta(minutes=10)
"""How long after its end an order is still asked after: a fill may come after the word that it was cancelled."""

YOUNG = timedelta(seconds=60)
"""A run that is older may be dead without anybody having said so: another is started beside it, which is harmless."""


@sensor(
    job_name=SIZE_AND_EXECUTE,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Starts one run for all signals that wait, and for entries that waited for an exit's fill.",
)
def incoming_signals(context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
    """One run per batch. Its key has the minute in it, for a key of which the run died would never fire again."""
    now = utc_now()
    with opened_ledger() as ledger:
        note_this_start(ledger)
        found = waiting_signals(ledger, now)
        due = due_follow_ups(ledger, now - WITHIN)
        left = [one for one in holders(ledger) if _has_ended(context.instance, one)]
    if not found.count and not due and not left:
        yield SkipReason("no signal waits")
        return
    filters = RunsFilter(job_name=SIZE_AND_EXECUTE, statuses=UNDER_WAY, created_after=now - YOUNG)
    if context.instance.get_runs(filters, limit=1):
        yield SkipReason(f"{found.count} signals wait, and a batch is under way")
        return
    mark = ":".join([found.mark, *left, *(one.signal.signal_id for one in due)])
    yield RunRequest(run_key=f"{mark}:{now:%Y%m%d%H%M}", tags={"fund/waiting": str(found.count + len(due))})


def _has_ended(instance: DagsterInstance, holder: str) -> bool:
    """Whether signals are held by a run that is over: it was killed, and nobody need wait for its lease to run out."""
    run = instance.get_run_by_id(holder)
    return run is not None and run.is_finished


@sensor(
    job_name=NOTE_EXECUTIONS,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Follows working orders: books fills, resolves UNKNOWN ones, retries exits; notes what was booked.",
)
def follow_orders(_context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
    """The work is done here, because a run per look would cost seconds of processor time; a run shows what it found."""
    with opened_ledger() as ledger:
        followed_orders = count_orders_to_follow(ledger, utc_now() - LATE_FILLS)
        aside = count_aside(ledger)
    if not followed_orders and not aside:
        yield SkipReason("no order is live, none has ended lately, and no fill waits to be booked")
        return
    with opened_desk() as desk:
        followed = follow(desk.ledger, desk.brokers, utc_now)
    if not followed.booked:
        yield SkipReason(f"{followed_orders} orders are live or have just ended, and nothing was filled")
        return
    newest = followed.booked[-1]
    yield RunRequest(run_key=f"{newest.account_id}:{newest.broker_execution_id}")
