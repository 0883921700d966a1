"""Checks on the risk assets. Each asks one thing and returns its evidence."""

from __future__ import annotations

import numpy as np
from dagster import AssetCheckResult, AssetCheckSeverity, asset_check

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.cerebro.timing import TimingVerdict
from fund_pipeline.defs.research.check_results import found_nothing
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.defs.research.risk_assets import (
    correlation_matrix,
    series_timing,
    strategy_returns,
    strategy_statistics,
)
from fund_pipeline.ledger.backtests import list_acceptances, list_summaries

HIDDEN_CORRELATION = 0.2
"""A lagged correlation stronger than the same-day one by this much is told."""

ROUNDING = 1e-9
MARKET_COVERAGE = 0.95


@asset_check(asset=strategy_returns, description="The matrix compounds to each backtest's own growth.")
def returns_matrix_is_complete(fund: FundResource) -> AssetCheckResult:
    """Growth of each strategy in the matrix against its backtest, up to the last session of the matrix."""
    matrix = fund.warehouse.read_returns("strategy_returns")
    wrong = []
    for column, name in enumerate(matrix.strategies):
        frame = fund.backtests.frame(name)
        until = frame.filter(frame["date"] <= matrix.dates[-1].item())["return"].to_numpy()
        told, kept = float(np.log1p(until).sum()), float(np.nansum(np.log1p(matrix.values[:, column])))
        if abs(told - kept) > ROUNDING * (1 + abs(told)):
            wrong.append((name, f"{np.expm1(told):.6%}", f"{np.expm1(kept):.6%}"))
    admitted = {summary.strategy_id for summary in list_summaries(fund.ledger)}
    wrong += [(name, "admitted", "not in the matrix") for name in sorted(admitted - set(matrix.strategies))]
    return found_nothing(wrong, ("strategy", "backtest grew by", "matrix grew by"), AssetCheckSeverity.ERROR)


@asset_check(asset=strategy_statistics, description="No strategy's margin is a fixed function of its absolute return.")
def margins_are_not_synthetic(fund: FundResource) -> AssetCheckResult:
    """Margin that was made up from the return says nothing about margin."""
    table = fund.warehouse.read("strategy_statistics")
    flagged = table.filter(table["margin_is_synthetic"])["strategy"].to_list()
    rows = [(name, "margin ÷ equity follows from |return|; ask its developer for the margin used") for name in flagged]
    return found_nothing(rows, ("strategy", "finding"))


@asset_check(asset=strategy_statistics, description="Every strategy's backtest tells the margin it used.")
def margins_are_known(fund: FundResource) -> AssetCheckResult:
    """Where margin is unknown, the allocation counts the strategy as fully paid."""
    table = fund.warehouse.read("strategy_statistics")
    unknown = table.filter(table["greatest_margin_use"].is_null())["strategy"].to_list()
    rows = [(name, "counted as 100 % of its capital; send Max_Margin_Used to use less") for name in unknown]
    return found_nothing(rows, ("strategy", "finding"))


@asset_check(asset=strategy_statistics, description="Every strategy's history contains the known crises.")
def histories_contain_the_crises(fund: FundResource) -> AssetCheckResult:
    """Strategies too young to have met a crisis look safer than they are."""
    rows = [
        (summary.strategy_id, str(summary.first_date), ", ".join(summary.statistics["hidden_crises"]))
        for summary in list_summaries(fund.ledger)
        if summary.statistics.get("hidden_crises")
    ]
    return found_nothing(rows, ("strategy", "starts", "never saw"))


@asset_check(asset=series_timing, description="Every series moves on the days of the market and its peers.")
def series_are_dated_right(fund: FundResource) -> AssetCheckResult:
    """Misdated series stay out of the optimisation until a person accepts their dates."""
    hashes = {s.strategy_id: s.content_hash for s in list_summaries(fund.ledger)}
    accepted = {a.strategy_id for a in list_acceptances(fund.ledger) if hashes.get(a.strategy_id) == a.content_hash}
    rows = [
        (
            row["strategy"],
            row["days_late"],
            row["reference"],
            f"{row['correlation']:.3f}",
            f"{row['correlation_at_zero']:.3f}",
            f"{row['p']:.1e}",
            "accepted" if row["strategy"] in accepted else "kept out of optimisation",
        )
        for row in fund.warehouse.read("series_timing").iter_rows(named=True)
        if row["verdict"] == TimingVerdict.MISDATED.value
    ]
    header = ("strategy", "days late", "against", "correlation there", "on day 0", "p", "state")
    return found_nothing(rows, header)


@asset_check(asset=correlation_matrix, description="The matrix is positive semi-definite, as risk sums need it.")
def correlation_is_positive_semidefinite(fund: FundResource) -> AssetCheckResult:
    """Least eigenvalue of the matrix that is used."""
    rows = [
        (name, f"{least:.3e}")
        for name in ("correlation_matrix", "lagged_correlation_matrix")
        if (least := float(np.linalg.eigvalsh(_square(fund, name)[1])[0])) < -ROUNDING
    ]
    return found_nothing(rows, ("matrix", "least eigenvalue"), AssetCheckSeverity.ERROR)


@asset_check(asset=correlation_matrix, description="No pair moves together much more a day apart than on the same day.")
def lagged_correlation_hides_nothing(fund: FundResource) -> AssetCheckResult:
    """Pairs whose lagged correlation is stronger than the same-day one."""
    names, same_day = _square(fund, "correlation_matrix")
    _, lagged = _square(fund, "lagged_correlation_matrix")
    hidden = np.abs(lagged) - np.abs(same_day) > HIDDEN_CORRELATION
    rows = [
        (names[i], names[j], f"{same_day[i, j]:.2f}", f"{lagged[i, j]:.2f}")
        for i, j in zip(*np.nonzero(np.triu(hidden, k=1)), strict=True)
    ]
    return found_nothing(rows, ("strategy", "with", "same day", "a day apart"))


def _square(fund: FundResource, name: str) -> tuple[list[str], Floats]:
    table = fund.warehouse.read(name)
    return table["strategy_id"].to_list(), table.drop("strategy_id").to_numpy()


@asset_check(asset=series_timing, description="The market's returns reach as far as the backtests do.")
def market_covers_the_backtests(fund: FundResource) -> AssetCheckResult:
    """Without the market, dates are judged by the strategies' peers alone."""
    matrix, market = fund.warehouse.read_returns("strategy_returns"), fund.warehouse.read_returns("market_returns")
    covered = float(np.isin(matrix.dates, market.dates).mean())
    rows = []
    if covered < MARKET_COVERAGE or market.dates[-1] < matrix.dates[-1]:
        rows.append((market.strategies[0], str(market.dates[-1]), str(matrix.dates[-1]), f"{covered:.1%}"))
    return found_nothing(rows, ("market", "market ends", "backtests end", "sessions covered"))


@asset_check(asset=series_timing, description="The dates of every series can be judged.")
def series_can_be_judged(fund: FundResource) -> AssetCheckResult:
    """Series without a significant relation to the market or a peer: their dates may be right, but nothing shows it."""
    table = fund.warehouse.read("series_timing")
    unknown = table.filter(table["verdict"] == TimingVerdict.NOT_DETECTABLE.value)["strategy"].to_list()
    return found_nothing([(name, "not detectable") for name in unknown], ("strategy", "verdict"))
