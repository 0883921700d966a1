"""Checks on admitted backtests. Each asks one thing and returns its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, MetadataValue, asset_check, multi_asset_check

from fund_pipeline.backtests import FindingCode
from fund_pipeline.backtests.expectations import (
    check_keys,
    check_ranges,
    check_schema,
    with_day_steps,
)
from fund_pipeline.backtests.proof import Proof, prove_compounding, prove_pnl
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.research.backtest_assets import SHOWN, backtests
from fund_pipeline.defs.research.check_results import found_nothing
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.ledger.backtests import list_summaries
from fund_pipeline.warehouse.expectations import ExpectationOutcome

CALENDAR_FINDINGS = {FindingCode.NON_TRADING_DAYS.value, FindingCode.MISSING_SESSIONS.value}


SUITES = {
    "backtests_have_their_schema": (check_schema, "The table has exactly the store's columns and types."),
    "backtest_values_are_in_range": (check_ranges, "Returns, equity, margin and notional lie where they can."),
    "backtest_dates_are_unique_and_increasing": (check_keys, "Keys are present, dates unique and increasing."),
}


@multi_asset_check(
    specs=[
        AssetCheckSpec(name, asset=backtests, description=f"Great Expectations: {question}")
        for name, (_, question) in SUITES.items()
    ]
)
def backtest_expectations(fund: FundResource) -> Iterator[AssetCheckResult]:
    """The three suites, on a table that is loaded once."""
    table = with_day_steps(fund.backtests.load([s.strategy_id for s in list_summaries(fund.ledger)]))
    for name, (check, _) in SUITES.items():
        yield _expectations(name, check(table))


@asset_check(asset=backtests, description="On every day the return is PnL ÷ start-of-day equity.")
def pnl_equity_and_return_agree(fund: FundResource) -> AssetCheckResult:
    """PnL against return, day by day."""
    return _proofs(fund, prove_pnl)


@asset_check(asset=backtests, description="Equity is the day before's, compounded by the return, oldest to newest.")
def equity_compounds_oldest_to_newest(fund: FundResource) -> AssetCheckResult:
    """Equity against return, day by day."""
    return _proofs(fund, prove_compounding)


@asset_check(asset=backtests, description="Dates are trading days of the declared calendar; missing ones are counted.")
def backtest_dates_are_trading_days(fund: FundResource) -> AssetCheckResult:
    """Dates against the exchange calendar."""
    rows = [
        (summary.strategy_id, summary.calendar, warning["message"])
        for summary in list_summaries(fund.ledger)
        for warning in summary.warnings
        if warning["code"] in CALENDAR_FINDINGS
    ]
    return found_nothing(rows, ("strategy", "calendar", "finding"))


@asset_check(asset=backtests, description="No file waits in quarantine.")
def no_backtest_is_quarantined(fund: FundResource) -> AssetCheckResult:
    """Refused files, with their reasons."""
    rows = [
        (entry.file_name, entry.strategy_id, finding.describe())
        for entry in fund.quarantine.list()
        for finding in entry.findings
    ]
    return found_nothing(rows, ("file", "strategy", "reason"))


@asset_check(asset=backtests, description="Nothing was noticed on admission that a person should know.")
def backtests_were_admitted_without_warning(fund: FundResource) -> AssetCheckResult:
    """Warnings of admission other than those on the calendar."""
    rows = [
        (summary.strategy_id, warning["code"], warning["message"])
        for summary in list_summaries(fund.ledger)
        for warning in summary.warnings
        if warning["code"] not in CALENDAR_FINDINGS
    ]
    return found_nothing(rows, ("strategy", "code", "finding"))


def _expectations(name: str, outcomes: tuple[ExpectationOutcome, ...]) -> AssetCheckResult:
    rows = [
        (one.expectation, one.column, "met" if one.met else "BROKEN", one.checked, one.broken, ", ".join(one.samples))
        for one in outcomes
    ]
    header = ("expectation", "column", "outcome", "values", "broken", "samples")
    return AssetCheckResult(
        check_name=name,
        passed=all(one.met for one in outcomes),
        severity=AssetCheckSeverity.ERROR,
        metadata={"expectations": MetadataValue.md(markdown_table(header, rows))},
    )


def _proofs(fund: FundResource, prove: Callable[[pl.DataFrame, str], Proof]) -> AssetCheckResult:
    proofs = {
        s.strategy_id: prove(fund.backtests.frame(s.strategy_id), s.calendar) for s in list_summaries(fund.ledger)
    }
    wrong_first = sorted(proofs.items(), key=lambda item: (-item[1].disagreeing, item[0]))
    rows = [(name, p.compared, p.disagreeing, f"{p.worst:.2e}") for name, p in wrong_first[:SHOWN]]
    header = ("strategy", "days compared", "days that disagree", "greatest difference")
    return AssetCheckResult(
        passed=not any(p.disagreeing for p in proofs.values()),
        severity=AssetCheckSeverity.ERROR,
        metadata={
            "evidence": MetadataValue.md(markdown_table(header, rows)),
            "strategies_without_evidence": [name for name, p in proofs.items() if not p.compared],
        },
    )
