"""What senders are owed, closed on the first of each month in the fund's time zone."""

from zoneinfo import ZoneInfo

from dagster import (
    AssetExecutionContext,
    AssetSelection,
    DefaultScheduleStatus,
    MaterializeResult,
    MetadataValue,
    ScheduleDefinition,
    asset,
    define_asset_job,
)

from fund_pipeline.accounts.payouts import close_months, rates_of_days
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.order_assets import GROUP, OWNERS, positions
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.settings import load_settings

HEADER = ("fund", "mode", "sender", "month", "realised", "late", "cumulative", "peak before", "share", "due", "due on")


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[positions])
def sender_payouts(context: AssetExecutionContext) -> MaterializeResult[None]:
    """Each sender's share of a new peak of net realised PnL, by month. A month that is closed stays as it is."""
    zone, act = ZoneInfo(load_settings().time_zone), Act("dagster", utc_now(), context.run.run_id)
    with opened_ledger() as ledger:
        rates = rates_of_days(ledger, zone)
        done = [close_months(ledger, fund.fund_id, None, zone, rates, act) for fund in list_funds(ledger)]
    closed = [one for run in done for one in run.closed]
    rows = [
        (
            *(one.fund_id, one.mode.value, one.sender_id, f"{one.month:%Y-%m}"),
            *(f"{amount:,.2f}" for amount in (one.realised, one.late, one.cumulative, one.peak_before)),
            *(one.share, f"{one.due:,.2f} {one.currency}", one.due_on),
        )
        for one in closed
    ]
    return MaterializeResult(
        metadata={
            "closed": len(closed),
            "payouts": MetadataValue.md(markdown_table(HEADER, rows)),
            "senders_without_terms": sorted({one for run in done for one in run.without_terms}),
        }
    )


close_payouts_job = define_asset_job(
    "close_payouts",
    selection=AssetSelection.assets(sender_payouts),
    description="Close the months that are over, and say what each sender is due.",
)

payouts_on_the_first = ScheduleDefinition(
    name="close_payouts_on_the_first",
    job=close_payouts_job,
    cron_schedule="0 6 1 * *",
    execution_timezone=load_settings().time_zone,
    default_status=DefaultScheduleStatus.RUNNING,
    description="On the first of each month, six in the morning by the fund's clock: the payment date.",
)
