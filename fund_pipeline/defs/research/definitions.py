"""The code location `research`."""

from __future__ import annotations

from dagster import Definitions, in_process_executor, load_asset_checks_from_modules, load_assets_from_modules

from fund_pipeline.defs.research import (
    allocation_assets,
    allocation_checks,
    backtest_assets,
    backtest_checks,
    risk_assets,
    risk_checks,
)
from fund_pipeline.defs.research.jobs import nightly_optimisation
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.defs.research.schedules import nightly_schedule

defs = Definitions(
    assets=load_assets_from_modules([backtest_assets, risk_assets, allocation_assets]),
    asset_checks=load_asset_checks_from_modules([backtest_checks, risk_checks, allocation_checks]),
    jobs=[nightly_optimisation],
    schedules=[nightly_schedule()],
    resources={"fund": FundResource()},
    executor=in_process_executor,
)
