"""The code location `trading`."""

from __future__ import annotations

from dagster import (
    AssetSelection,
    DefaultScheduleStatus,
    Definitions,
    ScheduleDefinition,
    define_asset_job,
    in_process_executor,
)

from fund_pipeline.defs.funds import fund_ids
from fund_pipeline.defs.trading.active_assets import active
from fund_pipeline.defs.trading.beside import stand_by
from fund_pipeline.defs.trading.books_assets import (
    BOOK_CHECKS,
    books,
    books_in_market_hours,
    every_night,
    prove_the_books,
    reconcile_books,
)
from fund_pipeline.defs.trading.latency_assets import signal_latency, signals_are_in_time
from fund_pipeline.defs.trading.nav_assets import NAV_SCHEDULES, nav, strike_nav
from fund_pipeline.defs.trading.nav_checks import NAV_CHECKS
from fund_pipeline.defs.trading.order_assets import decisions, executions, orders, positions, signals
from fund_pipeline.defs.trading.order_sensors import NOTE_EXECUTIONS, follow_orders, incoming_signals
from fund_pipeline.defs.trading.payout_assets import close_payouts_job, payouts_on_the_first, sender_payouts
from fund_pipeline.defs.trading.registry_assets import fund_registry, strategy_registry
from fund_pipeline.defs.trading.release import follow_the_ledger, release_after_the_check
from fund_pipeline.defs.trading.retention import prune_every_night, prune_history
from fund_pipeline.defs.trading.signal_assets import signal_inbox, signal_quality
from fund_pipeline.defs.trading.signal_checks import SIGNAL_CHECKS
from fund_pipeline.defs.trading.snapshot_assets import (
    account_snapshots,
    fund_snapshots,
    snapshots_in_market_hours,
    take_snapshots_job,
)
from fund_pipeline.defs.trading.watching import SIZE_AND_EXECUTE
from fund_pipeline.settings import load_settings

note_registry = define_asset_job(
    "note_registry",
    selection=AssetSelection.assets(fund_registry, strategy_registry),
    description="Note which funds and strategies the ledger holds, and whether anything changed.",
)

before_the_night = ScheduleDefinition(
    name="note_registry_before_midnight",
    job=note_registry,
    cron_schedule="55 23 * * *",
    execution_timezone=load_settings().time_zone,
    default_status=DefaultScheduleStatus.RUNNING,
    description="Notes the registry that the nightly optimisation is about to work from.",
)

look_at_signals = define_asset_job(
    "look_at_signals",
    selection=AssetSelection.assets(signal_inbox, signal_quality, signal_latency),
    description="Read what nobody has read yet, and note how each sender's signals come through.",
)

every_five_minutes = ScheduleDefinition(
    name="look_at_signals_every_five_minutes",
    job=look_at_signals,
    cron_schedule="2-59/5 * * * *",
    execution_timezone=load_settings().time_zone,
    default_status=DefaultScheduleStatus.RUNNING,
    description="Shows the front door in lineage, and catches what a process that ended has left unread.",
)


size_and_execute = define_asset_job(
    SIZE_AND_EXECUTE,
    selection=AssetSelection.assets("signals", "decisions", "orders", "executions", "positions"),
    description="Read what waits, decide it, send its orders, and book what was filled: one run for one batch.",
)

note_executions = define_asset_job(
    NOTE_EXECUTIONS,
    selection=AssetSelection.assets(executions, positions),
    description="Book what was filled since, and note positions.",
)


def trading_definitions(funds: tuple[str, ...]) -> Definitions:
    """Everything of the location, with one allocation in force for each of the funds (by id)."""
    return Definitions(
        assets=[
            fund_registry,
            strategy_registry,
            signal_inbox,
            signal_quality,
            signal_latency,
            signals,
            decisions(funds),
            orders,
            executions,
            positions,
            account_snapshots,
            fund_snapshots,
            nav,
            sender_payouts,
            books,
            *(active(fund_id) for fund_id in funds),
        ],
        asset_checks=[*SIGNAL_CHECKS, signals_are_in_time, *NAV_CHECKS, *BOOK_CHECKS],
        jobs=[
            note_registry,
            look_at_signals,
            size_and_execute,
            note_executions,
            take_snapshots_job,
            reconcile_books,
            strike_nav,
            close_payouts_job,
            prune_history,
        ],
        schedules=[
            before_the_night,
            every_five_minutes,
            snapshots_in_market_hours,
            books_in_market_hours,
            every_night,
            *NAV_SCHEDULES,
            payouts_on_the_first,
            prune_every_night,
        ],
        sensors=[
            *incoming_signals(waits=load_settings().warm_launcher),
            follow_orders,
            prove_the_books,
            *([release_after_the_check(funds), follow_the_ledger(funds)] if funds else []),
        ],
        executor=in_process_executor,
    )


defs = trading_definitions(fund_ids(load_settings()))

__all__ = ["defs", "stand_by", "trading_definitions"]
