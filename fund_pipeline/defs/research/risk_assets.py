"""Assets from clean series to what is known of each strategy and of all together."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import polars as pl
from dagster import MaterializeResult, MetadataValue, asset

from fund_pipeline.backtests.market import align_to
from fund_pipeline.cerebro.correlation import lagged_correlation, pairwise_correlation, repair_psd
from fund_pipeline.cerebro.crises import hidden_crises
from fund_pipeline.cerebro.margin import is_fixed_function_of_return
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline.cerebro.statistics import strategy_statistics as statistics_of
from fund_pipeline.cerebro.timing import timing_evidence
from fund_pipeline.defs.research.backtest_assets import GROUP, OWNERS, SHOWN, backtests, market_returns
from fund_pipeline.defs.research.markdown import markdown_table, percent
from fund_pipeline.defs.research.pictures import heatmap
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.backtests import list_summaries, put_statistics

MAX_LAG = 10
"""Trading days within which a series is looked for when its dates may be wrong."""


@asset(group_name=GROUP, owners=OWNERS, kinds={"numpy", "parquet"}, deps=[backtests])
def strategy_returns(fund: FundResource) -> MaterializeResult[None]:
    """All admitted returns, aligned by date. Unequal histories stay unequal: a day without a return has none."""
    admitted = [s.strategy_id for s in list_summaries(fund.ledger)]
    if not admitted:
        raise ConflictError("no backtest is admitted", remedy="see the reasons with `fund backtests quarantine`")
    matrix = fund.backtests.returns_matrix(admitted)
    fund.warehouse.write_returns("strategy_returns", matrix)
    present = np.isfinite(matrix.values)
    rows = [
        (name, str(matrix.dates[has][0]), str(matrix.dates[has][-1]), int(has.sum()))
        for name, has in zip(matrix.strategies[:SHOWN], present.T, strict=False)
    ]
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(matrix.dates),
            "strategies": len(matrix.strategies),
            "first_date": str(matrix.dates[0]),
            "last_date": str(matrix.dates[-1]),
            "common_window_days": int(present.all(axis=1).sum()),
            "histories": MetadataValue.md(markdown_table(("strategy", "first", "last", "days"), rows)),
        }
    )


@asset(group_name=GROUP, owners=OWNERS, kinds={"numpy", "parquet"}, deps=[strategy_returns])
def strategy_statistics(fund: FundResource) -> MaterializeResult[None]:
    """Return, risk, ratios, drawdown, VaR, CVaR, win rate and margin use of each strategy on its own full history."""
    matrix = fund.warehouse.read_returns("strategy_returns")
    margin_use = {name: _on_days_of(matrix, name, fund.backtests.margin_use(name)) for name in matrix.strategies}
    found = statistics_of(matrix, margin_use)
    synthetic = {
        name: is_fixed_function_of_return(margin_use[name], matrix.values[:, column])
        for column, name in enumerate(matrix.strategies)
    }
    figures = {
        s.strategy: _plain(asdict(s))
        | {"hidden_crises": list(hidden_crises(s.first_date)), "margin_is_synthetic": synthetic[s.strategy].flagged}
        for s in found
    }
    fund.warehouse.write("strategy_statistics", pl.DataFrame(list(figures.values()), infer_schema_length=None))
    put_statistics(fund.ledger, figures)
    header = (
        *("strategy", "return a year", "volatility", "Sharpe", "Sortino", "max drawdown", "VaR 95", "CVaR 95"),
        *("CVaR 99", "win rate", "margin max", "does not know"),
    )
    rows = [
        (
            s.strategy,
            percent(s.annual_return),
            percent(s.volatility),
            _ratio(s.sharpe),
            _ratio(s.sortino),
            percent(s.max_drawdown),
            percent(s.var_95),
            percent(s.cvar_95),
            percent(s.cvar_99),
            percent(s.win_rate, 1),
            percent(s.greatest_margin_use, 0),
            ", ".join(hidden_crises(s.first_date)) or "–",
        )
        for s in found[:SHOWN]
    ]
    return MaterializeResult(
        metadata={"dagster/row_count": len(found), "statistics": MetadataValue.md(markdown_table(header, rows))}
    )


@asset(group_name=GROUP, owners=OWNERS, kinds={"numpy", "parquet"}, deps=[strategy_returns])
def correlation_matrix(fund: FundResource) -> MaterializeResult[None]:
    """Correlation of every pair over the days both have, and its lagged twin, in which misdating can't hide risk."""
    matrix = fund.warehouse.read_returns("strategy_returns")
    least = fund.settings.min_overlap_days
    pairwise = pairwise_correlation(matrix.values, least)
    same_day = repair_psd(pairwise.matrix)
    lagged = lagged_correlation(matrix.values, least)
    twin = repair_psd(lagged.matrix)
    names = matrix.strategies
    fund.warehouse.write("correlation_matrix", _square(names, same_day.matrix))
    fund.warehouse.write("lagged_correlation_matrix", _square(names, twin.matrix))
    upper = np.triu_indices(len(names), k=1)
    return MaterializeResult(
        metadata={
            "heatmap": MetadataValue.md(heatmap(same_day.matrix, names, "Correlation, same day")),
            "lagged_heatmap": MetadataValue.md(heatmap(twin.matrix, names, "Correlation, strongest of -1, 0, +1 days")),
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
    evidence = timing_evidence(matrix, market, MAX_LAG)
    rows = [_plain(asdict(one)) for one in evidence]
    fund.warehouse.write("series_timing", pl.DataFrame(rows, infer_schema_length=None))
    header = tuple(rows[0]) if rows else ()
    return MaterializeResult(
        metadata={"evidence": MetadataValue.md(markdown_table(header, [tuple(row.values()) for row in rows[:SHOWN]]))}
    )


def _on_days_of(matrix: ReturnsMatrix, strategy: str, values: Floats) -> Floats:
    """A strategy's own values, one per day of its history, on the days of the matrix; NaN on the others."""
    column = matrix.values[:, matrix.strategies.index(strategy)]
    placed = np.full(len(matrix.dates), np.nan)
    placed[np.isfinite(column)] = values
    return placed


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {key: str(value) if not isinstance(value, int | float | None) else value for key, value in values.items()}


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _square(names: tuple[str, ...], matrix: Floats) -> pl.DataFrame:
    return pl.DataFrame({"strategy_id": names} | {name: matrix[:, i] for i, name in enumerate(names)})
