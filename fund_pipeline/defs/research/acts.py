"""Who acts when an asset changes the ledger."""

from __future__ import annotations

from dagster import AssetExecutionContext, DagsterRun

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.audit import Act
from fund_pipeline.logs import CORRELATION_TAG


def correlation_of(run: DagsterRun) -> str:
    """The correlation id of whoever started the run, else the run's own id."""
    return run.tags.get(CORRELATION_TAG, run.run_id)


def act_of(context: AssetExecutionContext) -> Act:
    """The act of this run: its job, now, under its correlation id."""
    return Act(f"dagster:{context.run.job_name}", utc_now(), correlation_of(context.run))
