"""Checks on what is recommended. Each asks one thing and returns its evidence."""

from __future__ import annotations

from collections.abc import Iterator

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    asset_check,
    multi_asset_check,
)

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.verify import breaches, is_proven
from fund_pipeline.defs.funds import recommended_key, step_of
from fund_pipeline.defs.research.check_results import found_nothing
from fund_pipeline.defs.research.outcomes import read_outcome
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.ledger.allocations import get_run, list_allocations
from fund_pipeline.ledger.funds import get_fund, list_funds
from fund_pipeline.ledger.model import Allocation, AllocationStatus


def checks_of(fund_id: str) -> Iterator[AssetChecksDefinition]:
    """The checks on the fund's recommendation, apart from the one in which a person decides."""
    key = recommended_key(fund_id)

    def spec(name: str, description: str) -> AssetCheckSpec:
        return AssetCheckSpec(name, asset=key, description=description)

    obey = spec(
        "weights_obey_every_limit",
        "The stored weights, measured anew on the returns, obey every present limit of their fund.",
    )

    @multi_asset_check(name=step_of(obey.name, fund_id), specs=[obey])
    def weights_obey_every_limit(fund: FundResource) -> AssetCheckResult:
        rows = []
        if pending := _pending(fund, fund_id):
            limits = limits_of(fund_id, get_fund(fund.ledger, fund_id).risk_limits)
            matrix = fund.warehouse.read_returns("strategy_returns")
            for allocation in pending:
                broken = breaches(allocation, get_run(fund.ledger, allocation.run_id), limits, matrix)
                rows += [(one.limit, f"{one.allowed:.10g}", f"{one.measured:.10g}") for one in broken]
        return _of(obey, found_nothing(rows, ("limit", "allowed", "measured"), AssetCheckSeverity.ERROR))

    proven = spec("optimum_is_certified", "The optimum is proven: its bound is within 1e-8 of it.")

    @multi_asset_check(name=step_of(proven.name, fund_id), specs=[proven])
    def optimum_is_certified(fund: FundResource) -> AssetCheckResult:
        runs = [get_run(fund.ledger, allocation.run_id) for allocation in _pending(fund, fund_id)]
        rows = [
            (run.run_id, (run.result["certificate"] or {}).get("relative_gap", "no certificate"))
            for run in runs
            if not is_proven(run)
        ]
        return _of(proven, found_nothing(rows, ("run", "gap"), AssetCheckSeverity.ERROR))

    answer = spec("fund_has_an_answer", "This night found an allocation for the fund.")

    @multi_asset_check(name=step_of(answer.name, fund_id), specs=[answer])
    def fund_has_an_answer(fund: FundResource) -> AssetCheckResult:
        row = read_outcome(fund.warehouse, fund_id)
        rows = [(row["status"], row["problem"])] if row["allocation_id"] is None else []
        return _of(answer, found_nothing(rows, ("status", "problem"), AssetCheckSeverity.ERROR))

    yield weights_obey_every_limit
    yield optimum_is_certified
    yield fund_has_an_answer


@asset_check(
    asset=AssetKey("recommendations"),
    description="Every fund in the ledger took part; one that was added since needs the code locations reloaded.",
)
def every_fund_took_part(fund: FundResource) -> AssetCheckResult:
    """Funds in the ledger that the night knew nothing of."""
    known = set(fund.warehouse.read("recommendations")["fund_id"].to_list())
    missing = [(one.fund_id, one.name) for one in list_funds(fund.ledger) if one.fund_id not in known]
    return found_nothing(missing, ("fund", "name"), AssetCheckSeverity.ERROR)


def _of(spec: AssetCheckSpec, result: AssetCheckResult) -> AssetCheckResult:
    return result._replace(check_name=spec.name, asset_key=spec.asset_key)


def _pending(fund: FundResource, fund_id: str) -> tuple[Allocation, ...]:
    return list_allocations(fund.ledger, fund_id, AllocationStatus.PENDING_APPROVAL)
