"""What accounts and funds are worth, as assets: one look at every broker, then sums that ask nobody."""

from collections.abc import Sequence

from dagster import (
    AssetSelection,
    MaterializeResult,
    MetadataValue,
    asset,
    define_asset_job,
)

from fund_pipeline.accounts.consolidation import Consolidated, consolidate
from fund_pipeline.accounts.findings import Finding
from fund_pipeline.accounts.snapshots import take_snapshots
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.desk import opened_desk
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.market_hours import in_market_hours
from fund_pipeline.defs.trading.order_assets import GROUP, OWNERS, positions
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import TradingMode

FINDINGS = ("account", "what", "about", "in words")


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[positions])
def account_snapshots() -> MaterializeResult[None]:
    """What each broker says of its account: equity, cash by currency, margin, positions at market, working orders."""
    with opened_desk() as desk:
        taken = take_snapshots(desk.ledger, desk.brokers, list_accounts(desk.ledger), utc_now())
    header = ("account", "as of", "equity", "cash", "margin used", "unrealised", "currency", "positions", "orders")
    rows = [
        (
            one.account_id,
            f"{one.as_of:%Y-%m-%d %H:%M:%S}Z",
            *(one.equity, one.cash, one.margin_used, "–" if one.unrealised_pnl is None else one.unrealised_pnl),
            *(one.currency, len(one.positions), "–" if one.working_orders is None else len(one.working_orders)),
        )
        for one in taken.snapshots
    ]
    return MaterializeResult(
        metadata={
            "accounts": len(taken.snapshots),
            "snapshots": MetadataValue.md(markdown_table(header, rows)),
            "findings": MetadataValue.md(markdown_table(FINDINGS, finding_rows(taken.findings))),
        }
    )


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[account_snapshots])
def fund_snapshots() -> MaterializeResult[None]:
    """What each fund's accounts come to in its currency, PAPER and LIVE apart, with the rates used, or why not."""
    now = utc_now()
    with opened_ledger() as ledger:
        found = [consolidate(ledger, fund.fund_id, mode, now) for fund in list_funds(ledger) for mode in TradingMode]
    shown = [one for one in found if one.parts or len(one.findings) > 1]
    header = ("fund", "mode", "equity", "cash", "margin used", "unrealised", "currency", "accounts", "rates")
    return MaterializeResult(
        metadata={
            "funds": MetadataValue.md(markdown_table(header, [_row(one) for one in shown])),
            "findings": MetadataValue.md(
                markdown_table(FINDINGS, finding_rows([finding for one in shown for finding in one.findings]))
            ),
        }
    )


take_snapshots_job = define_asset_job(
    "take_snapshots",
    selection=AssetSelection.assets(account_snapshots, fund_snapshots),
    description="Ask every broker what its account is worth, and sum up each fund.",
)


snapshots_in_market_hours = in_market_hours(
    take_snapshots_job, "*/5 * * * *", "Every five minutes while any account's market is open."
)


def finding_rows(findings: Sequence[Finding]) -> list[tuple[str, ...]]:
    """Findings as rows of a table."""
    return [(one.account_id or "–", one.kind.value, one.about, one.message) for one in findings]


def _row(one: Consolidated) -> tuple[object, ...]:
    money = (one.equity, one.cash, one.margin_used, one.unrealised_pnl)
    rates = ", ".join(f"{rate.source}{rate.target} {rate.rate}" for rate in one.rates)
    told = ("–" if amount is None else round(amount, 2) for amount in money)
    return (one.fund_id, one.mode.value, *told, one.currency, ", ".join(one.accounts), rates or "–")
