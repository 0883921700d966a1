"""The recommendation of every fund, from what the warehouse and the ledger hold."""

from __future__ import annotations

import numpy as np

from fund_pipeline.allocations.eligibility import decide_eligibility
from fund_pipeline.allocations.recommend import Backtests, Recommendation, recommend
from fund_pipeline.backtests import BacktestStore
from fund_pipeline.cerebro.timing import TimingVerdict
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.backtests import list_acceptances, list_summaries
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.warehouse import Warehouse


def recommend_for_all(
    ledger: Ledger, warehouse: Warehouse, store: BacktestStore, min_days: int, act: Act
) -> tuple[Recommendation, ...]:
    """Recommend an allocation for each fund in the ledger, by fund id.

    Reads the snapshots `strategy_returns` and `series_timing`; `min_days` is the least common window, in trading days.
    """
    matrix = warehouse.read_returns("strategy_returns")
    timing = warehouse.read("series_timing")
    misdated_by = {
        row["strategy"]: int(row["days_late"])
        for row in timing.iter_rows(named=True)
        if row["verdict"] == TimingVerdict.MISDATED.value
    }
    summaries = {s.strategy_id: s for s in list_summaries(ledger)}
    eligibility = decide_eligibility(
        list_strategies(ledger),
        summaries,
        matrix,
        misdated_by,
        {(a.strategy_id, a.content_hash) for a in list_acceptances(ledger)},
        min_days,
    )
    backtests = Backtests(
        matrix=matrix,
        content_hashes={name: summaries[name].content_hash for name in eligibility.included},
        margins={name: _greatest_margin(store, name) for name in eligibility.included},
    )
    return tuple(recommend(ledger, fund, backtests, eligibility, act) for fund in list_funds(ledger))


def _greatest_margin(store: BacktestStore, strategy_id: str) -> float:
    """Greatest margin ÷ start-of-day equity; a backtest that tells no margin counts as fully paid, 1."""
    use = store.margin_use(strategy_id)
    known = use[np.isfinite(use)]
    return float(known.max()) if known.size else 1.0
