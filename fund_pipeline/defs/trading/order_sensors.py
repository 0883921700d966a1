"""What starts the signal path, and what follows orders to their end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.trading.desk import opened_desk
from fund_pipeline.defs.trading.following import count_followed
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.starting import note_this_start
from fund_pipeline.defs.trading.watching import SIZE_AND_EXECUTE, WATCHERS, batch_under_way, look_once, watch
from fund_pipeline.execution import follow
from fund_pipeline.ledger.executions_aside import count_aside


@dataclass
class _Looked:
    """When this process last followed orders as a whole."""

    at: float


_looked = _Looked(float("-inf"))
NOTE_EXECUTIONS = "note_executions"
INTERVAL_SECONDS = 5
WHOLE_SECONDS = 30.0
"""Beside batches, orders are looked at as a whole this often."""


def incoming_signals(*, waits: bool) -> tuple[SensorDefinition, ...]:
    """What starts a run for the signals that wait: one sensor that looks, or `WATCHERS` that wait in turn.

    The daemon looks at a sensor every 5 s. Of those that wait inside their tick one watches at any moment, so that a
    signal is seen within a twentieth of a second (`watching.py`).
    """
    return tuple(_incoming(number, waits=waits) for number in range(1, WATCHERS + 1 if waits else 2))


def _incoming(number: int, *, waits: bool) -> SensorDefinition:
    @sensor(
        name="incoming_signals" if number == 1 else f"incoming_signals_{number}",
        job_name=SIZE_AND_EXECUTE,
        minimum_interval_seconds=1 if waits else INTERVAL_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
        description="Starts one run for all signals that wait, and for entries that waited for an exit's fill.",
    )
    def look(context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
        with opened_ledger() as ledger:
            note_this_start(ledger)
            found = watch(ledger, context.instance) if waits else look_once(ledger, context.instance)
        yield found.request if found.request is not None else SkipReason(found.words)

    return look


@sensor(
    job_name=NOTE_EXECUTIONS,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Follows working orders: books fills, resolves UNKNOWN ones, retries exits; notes what was booked.",
)
def follow_orders(context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
    """The work is done here, because a run per look would cost seconds of processor time; a run shows what it found.

    Not beside a batch: that follows its orders at its end, and two would only wait for each other. But a batch only
    glances, and one may follow the other for hours: this looks at all now and then whatever goes on.
    """
    if time.monotonic() < _looked.at + WHOLE_SECONDS and batch_under_way(context.instance, utc_now()):
        yield SkipReason("a batch is under way, which follows orders itself")
        return
    _looked.at = time.monotonic()
    with opened_ledger() as ledger:
        followed_orders = count_followed(ledger)
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
