"""Signals to orders in the way of Dagster's own guides: a sensor that asks for a run per signal, run by default."""

from dagster import DefaultSensorStatus, Definitions, OpExecutionContext, RunConfig, RunRequest, job, op, sensor

from fund_pipeline.accounts.reconciliation.running import make_ready
from fund_pipeline.clock import utc_now
from fund_pipeline.decisions import decide_waiting
from fund_pipeline.defs.trading.desk import opened_desk
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.execution import submit_intents
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.signals.inbox import list_signals, process_pending

WAITING = (SignalState.RECEIVED, SignalState.STANDARDISED)


@op
def size_and_send(context: OpExecutionContext) -> None:
    """Decide what waits and send its orders."""
    with opened_desk() as desk:
        process_pending(desk.ledger, desk.reader, utc_now())
        make_ready(desk.books(utc_now))
        decide_waiting(desk.ledger, desk.sources, context.run.run_id, utc_now, limit=1)
        submit_intents(desk.ledger, desk.brokers, utc_now)


@job
def handle_signal() -> None:
    """One signal."""
    size_and_send()


@sensor(job=handle_signal, minimum_interval_seconds=5, default_status=DefaultSensorStatus.RUNNING)
def new_signals():
    """A run per signal."""
    with opened_ledger() as ledger:
        found = [one for state in WAITING for one in list_signals(ledger, state=state, newest=1000)]
    return [RunRequest(run_key=one.signal_id, run_config=RunConfig()) for one in found]


defs = Definitions(jobs=[handle_signal], sensors=[new_signals])
