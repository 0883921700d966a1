"""Assets from developers' files to clean daily series."""

from dagster import AssetExecutionContext, Config, Failure, MaterializeResult, MetadataValue, asset
from pydantic import Field

from fund_pipeline.backtests import scan_folder
from fund_pipeline.backtests.admission import Admission, Desk, Rules, admit_folder
from fund_pipeline.backtests.market import read_market_returns
from fund_pipeline.clock import today_in
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.research.acts import act_of
from fund_pipeline.defs.research.resources import FundResource

GROUP = "research"
OWNERS = ["team:quants"]
SHOWN = 50
"""Most rows of a table in metadata; the rest is in the ledger and in the `fund` command."""


@asset(group_name=GROUP, owners=OWNERS, kinds={"csv", "excel"})
def backtest_files(fund: FundResource) -> MaterializeResult[None]:
    """The files that strategy developers sent, as they lie in the backtests folder."""
    files = scan_folder(fund.settings.backtests_dir)
    rows = [(file.path.name, file.strategy_id, file.content_hash[:12]) for file in files[:SHOWN]]
    return MaterializeResult(
        metadata={
            "files": len(files),
            "folder": MetadataValue.path(str(fund.settings.backtests_dir)),
            "inventory": MetadataValue.md(markdown_table(("file", "strategy", "content"), rows)),
        }
    )


class Ingestion(Config):
    """Which files are read."""

    only: str | None = Field(None, description="Read this strategy's file again, changed or not. Empty: all files.")


@asset(group_name=GROUP, owners=OWNERS, kinds={"polars", "parquet"}, deps=[backtest_files])
def backtests(context: AssetExecutionContext, config: Ingestion, fund: FundResource) -> MaterializeResult[None]:
    """One clean daily series per strategy, its unit decided by evidence. Bad files are in quarantine with reasons."""
    settings = fund.settings
    rules = Rules(unit=None, default_calendar=settings.calendar, today=today_in(settings.time_zone))
    desk = Desk(fund.ledger, fund.backtests, fund.quarantine)
    outcome = admit_folder(desk, settings.backtests_dir, rules, act_of(context), only=config.only)
    if config.only is not None and outcome.quarantined:
        # Whoever asked for this one waits for a word on it; of a whole folder, one bad file fails nobody else's.
        reasons = "; ".join(finding.describe() for refused in outcome.quarantined for finding in refused.findings)
        said = f"the file of {config.only} is in quarantine, and its last good one stays: {reasons}"
        raise Failure(said, metadata=_outcome_metadata(outcome), allow_retries=False)
    return MaterializeResult(metadata=_outcome_metadata(outcome))


@asset(group_name=GROUP, owners=OWNERS, kinds={"csv", "parquet"})
def market_returns(fund: FundResource) -> MaterializeResult[None]:
    """Daily returns of the market, which every series is dated against."""
    market = read_market_returns(fund.settings.market_prices)
    fund.warehouse.write_returns("market_returns", market)
    return MaterializeResult(
        metadata={
            "dagster/row_count": len(market.dates),
            "first_date": str(market.dates[0]),
            "last_date": str(market.dates[-1]),
            "instrument": market.strategies[0],
        }
    )


def _outcome_metadata(outcome: Admission) -> dict[str, MetadataValue | int]:
    admitted = [
        (s.strategy_id, s.source_file, str(s.first_date), str(s.last_date), s.days, s.unit, len(s.warnings))
        for s in outcome.admitted[:SHOWN]
    ]
    refused = [
        (refused.file.path.name, finding.describe())
        for refused in outcome.quarantined[:SHOWN]
        for finding in refused.findings
    ]
    header = ("strategy", "file", "first", "last", "days", "unit", "warnings")
    return {
        "admitted": len(outcome.admitted),
        "unchanged": len(outcome.unchanged),
        "quarantined": len(outcome.quarantined),
        "admitted_now": MetadataValue.md(markdown_table(header, admitted)),
        "quarantine": MetadataValue.md(markdown_table(("file", "reason"), refused)),
    }
