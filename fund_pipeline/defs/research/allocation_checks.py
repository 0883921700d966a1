"""Checks on the recommendation. Each asks one thing and returns its evidence."""

from __future__ import annotations

from dagster import AssetCheckResult, AssetCheckSeverity, asset_check

from fund_pipeline.allocations.verify import breaches
from fund_pipeline.defs.research.allocation_assets import recommended_allocation
from fund_pipeline.defs.research.check_results import found_nothing
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.ledger.allocations import get_run, list_allocations
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import AllocationStatus

GAP = 1e-8
"""Greatest relative gap between an optimum and its proven bound."""


@asset_check(
    asset=recommended_allocation,
    description="The stored weights, measured anew on the returns, obey every limit of their fund.",
)
def weights_obey_every_limit(fund: FundResource) -> AssetCheckResult:
    """Limits against the weights as the ledger has them."""
    matrix = fund.warehouse.read_returns("strategy_returns")
    rows = [
        (allocation.fund_id, breach.limit, f"{breach.allowed:.10g}", f"{breach.measured:.10g}")
        for allocation in list_allocations(fund.ledger, status=AllocationStatus.PENDING_APPROVAL)
        for breach in breaches(allocation, get_run(fund.ledger, allocation.run_id), matrix)
    ]
    return found_nothing(rows, ("fund", "limit", "allowed", "measured"), AssetCheckSeverity.ERROR)


@asset_check(asset=recommended_allocation, description="The optimum is proven: its bound is within 1e-8 of it.")
def optimum_is_certified(fund: FundResource) -> AssetCheckResult:
    """Relative gap of each pending recommendation."""
    rows = []
    for allocation in list_allocations(fund.ledger, status=AllocationStatus.PENDING_APPROVAL):
        certificate = get_run(fund.ledger, allocation.run_id).result["certificate"]
        if certificate is None or certificate["relative_gap"] > GAP:
            rows.append((allocation.fund_id, certificate["relative_gap"] if certificate else "no certificate"))
    return found_nothing(rows, ("fund", "gap"), AssetCheckSeverity.ERROR)


@asset_check(asset=recommended_allocation, description="Each fund has a recommendation, or an active allocation.")
def every_fund_has_an_allocation(fund: FundResource) -> AssetCheckResult:
    """Funds for which the limits leave no answer."""
    served = {
        allocation.fund_id
        for allocation in list_allocations(fund.ledger)
        if allocation.status in {AllocationStatus.PENDING_APPROVAL, AllocationStatus.ACTIVE}
    }
    rows = [(one.fund_id, one.name) for one in list_funds(fund.ledger) if one.fund_id not in served]
    return found_nothing(rows, ("fund", "name"))
