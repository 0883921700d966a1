"""The code location `research`."""

from __future__ import annotations

from dagster import Definitions, in_process_executor, load_asset_checks_from_modules, load_assets_from_modules

from fund_pipeline.defs.funds import fund_ids
from fund_pipeline.defs.research import backtest_assets, backtest_checks, mart_assets, risk_assets, risk_checks
from fund_pipeline.defs.research.allocation_assets import audit_anchor, recommendations, recommended_allocation
from fund_pipeline.defs.research.allocation_checks import checks_of, every_fund_took_part
from fund_pipeline.defs.research.approval_check import approval_check
from fund_pipeline.defs.research.jobs import (
    approve_allocations,
    ingest_backtests,
    nightly_optimisation,
    publish_dashboards,
)
from fund_pipeline.defs.research.resources import DeskResource, FundResource, MartsResource
from fund_pipeline.defs.research.schedules import nightly_schedule, publishing_schedule
from fund_pipeline.settings import load_settings


def research_definitions(funds: tuple[str, ...]) -> Definitions:
    """Everything of the location, with one recommendation for each of the funds (by id)."""
    data_checks = load_asset_checks_from_modules([backtest_checks, risk_checks])
    fund_checks = [check for fund_id in funds for check in checks_of(fund_id)]
    looked_at = [key for check in data_checks for key in check.check_keys]
    return Definitions(
        assets=[
            *load_assets_from_modules([backtest_assets, risk_assets, mart_assets]),
            *(recommended_allocation(fund_id) for fund_id in funds),
            recommendations(funds),
            audit_anchor,
        ],
        asset_checks=[
            *data_checks,
            *fund_checks,
            every_fund_took_part,
            *(approval_check(fund_id, looked_at) for fund_id in funds),
        ],
        jobs=[
            nightly_optimisation,
            ingest_backtests,
            publish_dashboards,
            *([approve_allocations(funds)] if funds else []),
        ],
        schedules=[nightly_schedule(), publishing_schedule()],
        resources={"fund": FundResource(), "desk": DeskResource(), "marts": MartsResource()},
        executor=in_process_executor,
    )


defs = research_definitions(fund_ids(load_settings()))
