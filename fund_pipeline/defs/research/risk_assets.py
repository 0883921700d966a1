"""Assets from clean series to what is known of each strategy and of all together."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
from dagster import MaterializeResult, MetadataValue, asset

from fund_pipeline.backtests.margin import known_margin_use
from fund_pipeline.backtests.market import align_to
from fund_pipeline.backtests.sessions import session_days
from fund_pipeline.cerebro.correlation import lagged_correlation, pairwise_correlation, repair_psd
from fund_pipeline.cerebro.crises import hidden_crises
from fund_pipeline.cerebro.margin import is_fixed_function_of_return
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.cerebro.sessions import compound_onto
from fund_pipeline.cerebro.statistics import StrategyStatistics
from fund_pipeline.cerebro.statistics import strategy_statistics as statistics_of
from fund_pipeline.cerebro.timing import timing_evidence
from fund_pipeline.defs.markdown import markdown_table, percent
from fund_pipeline.defs.research.backtest_assets import GROUP, OWNERS, SHOWN, backtests, market_returns
from fund_pipeline.defs.research.pictures import heatmap
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.backtests import list_summaries, put_statistics

MAX_LAG = 10
"""Trading days within which a series is looked for when its dates may be wrong."""


@asset(group_name=GROUP, owners=OWNERS, kinds={"numpy", "parquet"}, deps=[backtests])
def strategy_returns(fund: FundResource) -> MaterializeResult[None]:
    """All admitted returns on the sessions of the fund's calendar, unequal histories kept unequal.

    What another calendar trades between two sessions is compounded into the later one.
    """
    admitted = {s.strategy_id: s.version for s in list_summaries(fund.ledger)}
    if not admitted:
        raise ConflictError("no backtest is admitted", remedy="see the reasons with `fund backtests quarantine`")
    raw = fund.backtests.returns_matrix(tuple(admitted))
    matrix = compound_onto(raw, session_days(fund.settings.calendar, raw.dates[-1].item().year))
    fund.warehouse.write_returns("strategy_returns", matrix, admitted)
    present = np.isfinite(matrix.values)
    rows = [
        (name, str(matrix.dates[has][0]), str(matrix.dates[has][-1]), int(has.sum()))
        for name, has in zip(matrix.strategies[:SHOWN], present.T, strict=False)
    ]
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(matrix.dates),
            "strategies": len(matrix.strategies),
            "calendar": fund.settings.calendar,
            "first_date": str(matrix.dates[0]),
            "last_date": str(matrix.dates[-1]),
            "common_window_days": int(present.all(axis=1).sum()),
            "histories": MetadataValue.md(markdown_table(("strategy", "first", "last", "sessions"), rows)),
        }
    )


@asset(group_name=GROUP, owners=OWNERS, kinds={"numpy", "parquet"}, deps=[strategy_returns])
def strategy_statistics(fund: FundResource) -> MaterializeResult[None]:
    """Return, risk, ratios, drawdown, VaR, CVaR, win rate and margin use of each strategy on its own full history."""
    matrix = fund.warehouse.read_returns("strategy_returns")
    figures = {one.strategy: _figures(fund, one) for one in statistics_of(matrix)}
    table = pl.DataFrame(list(figures.values()), infer_schema_length=None)
    fund.warehouse.write("strategy_statistics", table, fund.warehouse.provenance("strategy_returns"))
    put_statistics(fund.ledger, figures)
    header = (
        *("strategy", "return a year", "volatility", "Sharpe", "Sortino", "max drawdown", "VaR 95", "CVaR 95"),
        *("CVaR 99", "win rate", "margin max", "does not know"),
    )
    rows = [
        (
            name,
            *(percent(f[key]) for key in ("annual_return", "volatility")),
            *(_ratio(f[key]) for key in ("sharpe", "sortino")),
            *(percent(f[key]) for key in ("max_drawdown", "var_95", "cvar_95", "cvar_99")),
            percent(f["win_rate"], 1),
            percent(f["greatest_margin_use"], 0),
            ", ".join(f["hidden_crises"]) or "–",
        )
        for name, f in list(figures.items())[:SHOWN]
    ]
    return MaterializeResult(
        metadata={"dagster/row_count": len(figures), "statistics": MetadataValue.md(markdown_table(header, rows))}
    )


@asset(group_name=GROUP, owners=OWNERS, kinds={"numpy", "parquet"}, deps=[strategy_returns])
def correlation_matrix(fund: FundResource) -> MaterializeResult[None]:
    """Correlation of every pair over the days both have, and its lagged twin, in which misdating can't hide risk."""
    matrix = fund.warehouse.read_returns("strategy_returns")
    least = fund.settings.min_overlap_days
    pairwise = pairwise_correlation(matrix.values, least)
    same_day = repair_psd(pairwise.matrix)
    lagged = lagged_correlation(matrix.values, least, min(MAX_LAG, len(matrix.dates) - 1))
    twin = repair_psd(lagged.matrix)
    names = matrix.strategies
    fund.warehouse.write("correlation_matrix", _square(names, same_day.matrix))
    fund.warehouse.write("lagged_correlation_matrix", _square(names, twin.matrix))
    upper = np.triu_indices(len(names), k=1)
    return MaterializeResult(
        metadata={
            "heatmap": MetadataValue.md(heatmap(same_day.matrix, names, "Correlation, same day")),
            "lagged_heatmap": MetadataValue.md(
                heatmap(twin.matrix, names, f"Correlation, strongest within {MAX_LAG} days")
            ),
            "average_correlation": float(same_day.matrix[upper].mean()) if len(names) > 1 else 0.0,
            "pairs_without_overlap": same_day.undefined_pairs,
            "least_overlap_days": int(pairwise.overlap[upper].min()) if len(names) > 1 else len(matrix.dates),
            "repaired": same_day.changed,
            "least_eigenvalue": same_day.least_eigenvalue_before,
            "least_eigenvalue_after_repair": same_day.least_eigenvalue_after,
            "largest_change_by_repair": same_day.largest_change,
            "lagged_repaired": twin.changed,
            "lagged_least_eigenvalue": twin.least_eigenvalue_before,
        }
    )


@asset(group_name=GROUP, owners=OWNERS, kinds={"numpy", "parquet"}, deps=[strategy_returns, market_returns])
def series_timing(fund: FundResource) -> MaterializeResult[None]:
    """Whether each series moves on the market's and its peers' days, or days later or earlier: misdated files."""
    matrix = fund.warehouse.read_returns("strategy_returns")
    market = align_to(fund.warehouse.read_returns("market_returns"), matrix.dates)
    evidence = timing_evidence(matrix, market, max(1, min(MAX_LAG, (len(matrix.dates) - 1) // 2)))
    rows = [_plain(asdict(one)) for one in evidence]
    table = pl.DataFrame(rows, infer_schema_length=None)
    fund.warehouse.write("series_timing", table, fund.warehouse.provenance("strategy_returns"))
    header = tuple(rows[0]) if rows else ()
    return MaterializeResult(
        metadata={
            "days_with_market": int(np.isfinite(market).sum()),
            "evidence": MetadataValue.md(markdown_table(header, [tuple(row.values()) for row in rows[:SHOWN]])),
        }
    )


def _figures(fund: FundResource, one: StrategyStatistics) -> dict[str, Any]:
    """A strategy's statistics, with what its own file tells of margin; margin of 0 throughout tells nothing."""
    use = fund.backtests.margin_use(one.strategy)
    known = known_margin_use(use)
    synthetic = is_fixed_function_of_return(use, fund.backtests.frame(one.strategy)["return"].to_numpy())
    return _plain(asdict(one)) | {
        "average_margin_use": float(known.mean()) if known.size else None,
        "greatest_margin_use": float(known.max()) if known.size else None,
        "margin_is_synthetic": synthetic.flagged,
        "hidden_crises": list(hidden_crises(one.first_date, one.last_date)),
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: str(value) if not isinstance(value, int | float | None) else value for key, value in values.items()}


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _square(names: tuple[str, ...], matrix: Floats) -> pl.DataFrame:
    return pl.DataFrame({"strategy_id": names} | {name: matrix[:, i] for i, name in enumerate(names)})
