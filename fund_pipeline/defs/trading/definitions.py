"""The code location `trading`."""

from __future__ import annotations

from dagster import AssetSelection, Definitions, define_asset_job, in_process_executor

from fund_pipeline.defs.trading.registry_assets import fund_registry, strategy_registry

observe_registry = define_asset_job(
    "observe_registry",
    selection=AssetSelection.assets(fund_registry.key, strategy_registry.key),
    description="Look at the ledger's funds and strategies, and note whether anything changed.",
)

defs = Definitions(assets=[fund_registry, strategy_registry], jobs=[observe_registry], executor=in_process_executor)
