"""Net asset values as a partitioned asset: a day per partition, and any number of days in one run."""

from datetime import date

from dagster import (
    AssetExecutionContext,
    AssetSelection,
    BackfillPolicy,
    DailyPartitionsDefinition,
    DefaultScheduleStatus,
    Failure,
    MaterializeResult,
    MetadataValue,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    asset,
    define_asset_job,
    schedule,
)

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.order_assets import GROUP, OWNERS
from fund_pipeline.defs.trading.snapshot_assets import fund_snapshots
from fund_pipeline.errors import FundError
from fund_pipeline.ledger.audit import Act
from fund_pipeline.settings import load_settings

FIRST_DAY = "2015-01-01"
SHOWN = 60
AFTER_THE_CLOSE = 5
"""Minutes from the fund's close to striking its NAV: the last snapshot of the day is in by then."""

SETTINGS = load_settings()
DAYS = DailyPartitionsDefinition(start_date=FIRST_DAY, timezone=SETTINGS.time_zone, end_offset=1)


@asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"sqlalchemy"},
    deps=[fund_snapshots],
    partitions_def=DAYS,
    backfill_policy=BackfillPolicy.single_run(),
)
def nav(context: AssetExecutionContext) -> MaterializeResult[None]:
    """The net asset value of every fund with clients at its close, LIVE and PAPER apart: struck from consolidated
    equity, cash flows and what clients asked for. Striking again what has not changed changes nothing."""
    from fund_pipeline.accounts.nav.closes import FundDay
    from fund_pipeline.accounts.nav.equity import consolidated
    from fund_pipeline.accounts.nav.registers import registers
    from fund_pipeline.accounts.nav.strikes import strike_days

    fund_day, act = FundDay.of(load_settings()), Act("dagster:nav", utc_now(), context.run.run_id)
    days = [date.fromisoformat(key) for key in context.partition_keys]
    rows: list[tuple[object, ...]] = []
    left_out: list[tuple[object, ...]] = []
    late: list[tuple[object, ...]] = []
    written, failed = 0, []
    with opened_ledger() as ledger:
        for fund_id, mode in registers(ledger):
            try:
                done = strike_days(ledger, fund_id, mode, days, fund_day, consolidated(ledger, fund_id, mode), act)
            except FundError as refused:
                failed.append(f"{fund_id}, {mode.value}: {refused}")
                continue
            written += len(done.written)
            rows += [(fund_id, mode.value, one.day, one.nav, one.performance, one.price) for one in done.written]
            left_out += [(fund_id, mode.value, day, why) for day, why in done.left_out.items()]
            late += [(fund_id, one.kind.value, one.entity_id, one.month, one.booked_on) for one in done.late]
            if all(day in done.left_out for day in days):
                failed.append(f"{fund_id}, {mode.value}: no NAV, for {done.left_out[days[-1]]}")
    if failed:
        raise Failure("; ".join(failed))
    head = ("fund", "mode", "day", "nav", "performance", "price")
    return MaterializeResult(
        metadata={
            "written": written,
            "left_out": len(left_out),
            "navs": MetadataValue.md(markdown_table(head, rows[-SHOWN:])),
            "days_without_nav": MetadataValue.md(markdown_table(("fund", "mode", "day", "why"), left_out[-SHOWN:])),
            "closed_month": MetadataValue.md(markdown_table(("fund", "kind", "entity", "month", "booked on"), late)),
        }
    )


strike_nav = define_asset_job(
    "strike_nav",
    selection=AssetSelection.assets(nav),
    description="Strike the NAV of a day, or of many in one run.",
)


def _cron() -> str:
    minutes = SETTINGS.nav_close.hour * 60 + SETTINGS.nav_close.minute + AFTER_THE_CLOSE
    return f"{minutes % 60} {minutes // 60 % 24} * * *"


@schedule(
    job=strike_nav,
    cron_schedule=_cron(),
    execution_timezone=SETTINGS.time_zone,
    default_status=DefaultScheduleStatus.RUNNING,
    description="Strikes the NAV of the day that has just closed.",
)
def strike_nav_after_the_close(context: ScheduleEvaluationContext) -> RunRequest:
    """The partition of the day whose close this tick is after, in the fund's time zone."""
    from datetime import timedelta

    from fund_pipeline.accounts.nav.closes import FundDay

    closed = context.scheduled_execution_time - timedelta(minutes=AFTER_THE_CLOSE)
    key = FundDay.of(SETTINGS).day_of(closed).isoformat()
    return RunRequest(run_key=key, partition_key=key)


NAV_SCHEDULES: tuple[ScheduleDefinition, ...] = (strike_nav_after_the_close,)
