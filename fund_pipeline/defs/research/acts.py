"""Who acts when an asset changes the ledger."""

from __future__ import annotations

from dagster import AssetExecutionContext

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.audit import Act

CORRELATION_TAG = "fund/correlation_id"


def act_of(context: AssetExecutionContext) -> Act:
    """The act of this run: its job, and the correlation id of whoever started it, else the run's own id."""
    return Act(f"dagster:{context.run.job_name}", utc_now(), context.run.tags.get(CORRELATION_TAG, context.run.run_id))
