"""The recommendation of every fund, from what the warehouse and the ledger hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fund_pipeline.allocations.eligibility import Eligibility, decide_eligibility
from fund_pipeline.allocations.pose import Backtests
from fund_pipeline.allocations.recommend import Recommendation, recommend
from fund_pipeline.cerebro.timing import TimingVerdict
from fund_pipeline.errors import ConflictError, FundError, TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import withdraw_pending
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.backtests import list_acceptances, list_summaries
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import BacktestSummary, Fund
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.logs import get_logger
from fund_pipeline.warehouse import Warehouse

UNKNOWN_MARGIN = 1.0
"""A strategy whose backtest tells no margin counts as fully paid."""

log = get_logger(__name__)


@dataclass(frozen=True)
class FundOutcome:
    """What a night came to for one fund: a recommendation, or the error that kept it from one."""

    fund_id: str
    recommendation: Recommendation | None
    problem: str


def recommend_for_all(ledger: Ledger, warehouse: Warehouse, min_days: int, act: Act) -> tuple[FundOutcome, ...]:
    """Recommend an allocation for each fund in the ledger, by fund id; one that fails never stops the others.

    Reads the snapshots `strategy_returns`, `strategy_statistics` and `series_timing`, and refuses (ConflictError) to
    work on any that was made from other backtests than the ledger now names. `min_days` is the least common window, in
    trading days.
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
    return tuple(_outcome(ledger, fund, backtests, eligibility, act) for fund in list_funds(ledger))


def _outcome(ledger: Ledger, fund: Fund, backtests: Backtests, eligibility: Eligibility, act: Act) -> FundOutcome:
    try:
        return FundOutcome(fund.fund_id, recommend(ledger, fund, backtests, eligibility, act), "")
    except TemporaryError:
        raise  # the ledger is away: the run fails as it stands, and nothing is withdrawn for it
    except FundError as error:
        log.error("no recommendation", fund=fund.fund_id, problem=str(error))
        withdraw_pending(ledger, fund.fund_id, f"the optimisation failed: {error.message}", act)
        return FundOutcome(fund.fund_id, None, str(error))


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
