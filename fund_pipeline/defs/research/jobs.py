"""What research runs as one: the nightly optimisation."""

from __future__ import annotations

from dagster import AssetSelection, define_asset_job, in_process_executor

NIGHTLY = "nightly_optimisation"

nightly_optimisation = define_asset_job(
    NIGHTLY,
    selection=AssetSelection.groups("research"),
    description="Backtest files to a recommended allocation for each fund, with every check on the way.",
    executor_def=in_process_executor,
)
