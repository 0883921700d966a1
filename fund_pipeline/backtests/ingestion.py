"""What the Dagster job that ingests backtests is called, for those who start it without speaking Dagster."""

from __future__ import annotations

from typing import Any

LOCATION = "research"
JOB = "ingest_backtests"
STRATEGY_TAG = "fund/strategy"
_STEP = "backtests"


def config_for(strategy_id: str | None) -> dict[str, Any]:
    """The run config of the job: read the file of one strategy again, or all that changed."""
    return {"ops": {_STEP: {"config": {"only": strategy_id}}}}
