"""The recommendation of a fund, from what the warehouse and the ledger hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.approval.auto import approve_by_policy
from fund_pipeline.allocations.approval.expiry import expire_if_old
from fund_pipeline.allocations.eligibility import Eligibility, decide_eligibility
from fund_pipeline.allocations.pose import Backtests
from fund_pipeline.allocations.recommend import Recommendation, recommend
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.cerebro.timing import TimingVerdict
from fund_pipeline.errors import ConflictError, FundError, TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import get_allocation, list_allocations, withdraw_pending
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.backtests import list_acceptances, list_summaries
from fund_pipeline.ledger.model import AllocationStatus, BacktestSummary
from fund_pipeline.ledger.recorded import proven_fund
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.logs import get_logger
from fund_pipeline.warehouse import Warehouse

UNKNOWN_MARGIN = 1.0
"""A strategy whose backtest tells no margin counts as fully paid."""

log = get_logger(__name__)


@dataclass(frozen=True)
class FundOutcome:
    """What a night came to for one fund: a recommendation, or what kept it from one, in words."""

    fund_id: str
    recommendation: Recommendation | None
    problem: str


@dataclass(frozen=True)
class Basis:
    """What every fund's recommendation of a night rests on: admitted backtests, and who takes part."""

    backtests: Backtests
    eligibility: Eligibility


def read_basis(ledger: Ledger, warehouse: Warehouse, min_days: int) -> Basis:
    """Read the snapshots `strategy_returns`, `strategy_statistics` and `series_timing`, and decide who takes part.

    ConflictError when any was made from other backtests than the ledger now names. `min_days` is the least common
    window, in trading days.
    """
    summaries = {s.strategy_id: s for s in list_summaries(ledger)}
    _refuse_stale(warehouse, summaries)
    matrix = warehouse.read_returns("strategy_returns")
    eligibility = decide_eligibility(
        list_strategies(ledger),
        summaries,
        matrix,
        _misdated(warehouse),
        {(a.strategy_id, a.content_hash) for a in list_acceptances(ledger)},
        min_days,
    )
    margins = _margins(warehouse)
    backtests = Backtests(
        matrix=matrix,
        versions={name: summaries[name].version for name in eligibility.included},
        margins={name: margins.get(name, UNKNOWN_MARGIN) for name in eligibility.included},
    )
    return Basis(backtests, eligibility)


def recommend_for(ledger: Ledger, fund_id: str, basis: Basis, act: Act) -> FundOutcome:
    """Recommend an allocation for one fund. What keeps it from one is told in the outcome, never raised.

    A pending one that is too old expires first. A new one on data that are too old expires at once, for nobody could
    approve it. One within the fund's auto-approval policy, if it has any, is approved by that.
    """
    try:
        fund = proven_fund(ledger, fund_id)
        policy = limits_of(fund_id, fund.risk_limits).approval
        for pending in list_allocations(ledger, fund_id, AllocationStatus.PENDING_APPROVAL):
            expire_if_old(ledger, pending, policy, act)
        made = recommend(ledger, fund, basis.backtests, basis.eligibility, act)
        return _outcome(ledger, made, policy, basis.backtests.matrix, act)
    except TemporaryError:
        raise  # the ledger is away: the run fails as it stands, and nothing is withdrawn for it
    except FundError as error:
        log.error("no recommendation", fund=fund_id, problem=str(error))
        withdraw_pending(ledger, fund_id, f"the optimisation failed: {error.message}", act)
        return FundOutcome(fund_id, None, str(error))


def _outcome(
    ledger: Ledger, made: Recommendation, policy: ApprovalPolicy, matrix: ReturnsMatrix, act: Act
) -> FundOutcome:
    fund_id, allocation = made.run.fund_id, made.allocation
    if allocation is None or allocation.status is not AllocationStatus.PENDING_APPROVAL:
        return FundOutcome(fund_id, made, "")
    if why := expire_if_old(ledger, allocation, policy, act):
        problem = f"nobody could approve {allocation.allocation_id}: {why}"
        log.error("recommended on old data", fund=fund_id, problem=problem)
        return FundOutcome(fund_id, replace(made, allocation=None), problem)
    approve_by_policy(ledger, allocation, matrix, act)
    return FundOutcome(fund_id, replace(made, allocation=get_allocation(ledger, allocation.allocation_id)), "")


def _refuse_stale(warehouse: Warehouse, summaries: Mapping[str, BacktestSummary]) -> None:
    admitted = {name: summary.version for name, summary in summaries.items()}
    for snapshot in ("strategy_returns", "strategy_statistics", "series_timing"):
        used = warehouse.provenance(snapshot)
        stale = sorted(name for name in used.keys() | admitted.keys() if used.get(name) != admitted.get(name))
        if stale:
            raise ConflictError(
                f"{snapshot} was made from other backtests of {', '.join(stale[:5])} than those admitted now",
                remedy="run `fund nightly`, which makes it anew",
            )


def _misdated(warehouse: Warehouse) -> dict[str, int]:
    return {
        row["strategy"]: int(row["days_late"])
        for row in warehouse.read("series_timing").iter_rows(named=True)
        if row["verdict"] == TimingVerdict.MISDATED.value
    }


def _margins(warehouse: Warehouse) -> dict[str, float]:
    """Greatest margin ÷ start-of-day equity of each strategy that tells it; all zeros tell nothing."""
    table = warehouse.read("strategy_statistics")
    return {
        name: float(margin)
        for name, margin in zip(table["strategy"], table["greatest_margin_use"], strict=True)
        if margin
    }
