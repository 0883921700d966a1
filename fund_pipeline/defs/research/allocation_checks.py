"""Checks on the recommendation. Each asks one thing and returns its evidence."""

from __future__ import annotations

from dagster import AssetCheckResult, AssetCheckSeverity, asset_check

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.verify import breaches
from fund_pipeline.defs.research.allocation_assets import recommended_allocation
from fund_pipeline.defs.research.check_results import found_nothing
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.ledger.allocations import get_run, list_allocations
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import Allocation, AllocationStatus, Fund

GAP = 1e-8
"""Greatest relative gap between an optimum and its proven bound."""


@asset_check(
    asset=recommended_allocation,
    description="The stored weights, measured anew on the returns, obey every present limit of their fund.",
)
def weights_obey_every_limit(fund: FundResource) -> AssetCheckResult:
    """The fund's limits as they are now against the weights as the ledger has them."""
    matrix = fund.warehouse.read_returns("strategy_returns")
    limits = {one.fund_id: limits_of(one.fund_id, one.risk_limits) for one in _answered(fund)}
    rows = [
        (allocation.fund_id, breach.limit, f"{breach.allowed:.10g}", f"{breach.measured:.10g}")
        for allocation in _pending(fund)
        if allocation.fund_id in limits
        for breach in breaches(allocation, get_run(fund.ledger, allocation.run_id), limits[allocation.fund_id], matrix)
    ]
    return found_nothing(rows, ("fund", "limit", "allowed", "measured"), AssetCheckSeverity.ERROR)


@asset_check(asset=recommended_allocation, description="The optimum is proven: its bound is within 1e-8 of it.")
def optimum_is_certified(fund: FundResource) -> AssetCheckResult:
    """Relative gap of each pending recommendation."""
    rows = []
    for allocation in _pending(fund):
        certificate = get_run(fund.ledger, allocation.run_id).result["certificate"]
        if certificate is None or certificate["relative_gap"] > GAP:
            rows.append((allocation.fund_id, certificate["relative_gap"] if certificate else "no certificate"))
    return found_nothing(rows, ("fund", "gap"), AssetCheckSeverity.ERROR)


@asset_check(asset=recommended_allocation, description="This night found an allocation for every fund.")
def every_fund_has_an_answer(fund: FundResource) -> AssetCheckResult:
    """Funds whose limits leave no answer, or whose optimisation failed, and why."""
    rows = [
        (row["fund_id"], row["status"], row["problem"])
        for row in fund.warehouse.read("recommendations").iter_rows(named=True)
        if row["allocation_id"] is None
    ]
    return found_nothing(rows, ("fund", "status", "problem"), AssetCheckSeverity.ERROR)


def _pending(fund: FundResource) -> tuple[Allocation, ...]:
    return list_allocations(fund.ledger, status=AllocationStatus.PENDING_APPROVAL)


def _answered(fund: FundResource) -> tuple[Fund, ...]:
    """Funds with something pending; the limits of any other may be unreadable, which is told elsewhere."""
    pending = {allocation.fund_id for allocation in _pending(fund)}
    return tuple(one for one in list_funds(fund.ledger) if one.fund_id in pending)
