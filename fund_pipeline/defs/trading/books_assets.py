"""The books against the brokers, as an asset with its checks; what makes it happen by day, night and at the start."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from dagster import (
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetSelection,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    MaterializeResult,
    MetadataValue,
    RunRequest,
    ScheduleDefinition,
    SensorEvaluationContext,
    SkipReason,
    asset,
    asset_check,
    define_asset_job,
    sensor,
)

from fund_pipeline.accounts.hours import open_now
from fund_pipeline.accounts.reconciliation.running import reconcile_accounts
from fund_pipeline.accounts.snapshots import age_of, latest
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.desk import opened_desk
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.market_hours import in_market_hours
from fund_pipeline.defs.trading.order_assets import GROUP, OWNERS, executions, positions
from fund_pipeline.defs.trading.snapshot_assets import FINDINGS, account_snapshots, finding_rows, fund_snapshots
from fund_pipeline.defs.trading.starting import note_this_start
from fund_pipeline.execution.brokers import Connections
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_books import books_of
from fund_pipeline.ledger.account_model import Account, AccountStatus
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.break_model import Break, BreakKind, Section
from fund_pipeline.ledger.breaks import list_breaks
from fund_pipeline.settings import load_settings

RECONCILE_BOOKS = "reconcile_books"
INTERVAL_SECONDS = 30
OLDEST_SNAPSHOT = timedelta(minutes=15)
NEW = timedelta(minutes=10)
"""How long a break is looked at again every minute; after that the schedules do."""

BREAKS = ("account", "kind", "about", "ours", "theirs", "first seen", "severity", "in words")


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[executions, positions, account_snapshots])
def books() -> MaterializeResult[None]:
    """Positions, orders, executions and cash against every broker: missed fills imported, breaks kept and alerted."""
    with opened_desk() as desk:
        accounts = [one for one in list_accounts(desk.ledger) if one.account_id in desk.brokers]
        passed = reconcile_accounts(desk.books(utc_now), accounts)
        standing = list_breaks(desk.ledger)
    recorded = [one.recorded for one in passed if one.recorded is not None]
    findings = [finding for one in passed for finding in one.last.findings]
    return MaterializeResult(
        metadata={
            "accounts": len(passed),
            "proved": sum(one.last.is_complete for one in passed),
            "new_breaks": sum(len(one.new) for one in recorded),
            "cleared_breaks": sum(len(one.cleared) for one in recorded),
            "repairs": sum(len(one.first.repairs) for one in passed),
            "standing": MetadataValue.md(markdown_table(BREAKS, break_rows(standing))),
            "findings": MetadataValue.md(markdown_table(FINDINGS, finding_rows(findings))),
        }
    )


@asset_check(asset=books, description="Every account was proved in full, and no position or execution differs.")
def books_match_broker() -> AssetCheckResult:
    """An account whose broker did not answer in full does not match: silence is not agreement."""
    with opened_ledger() as ledger:
        unproved = [
            (one.account_id, stand.standing.value, "; ".join(found["message"] for found in stand.findings) or "–")
            for one in _reachable(ledger)
            if not (stand := books_of(ledger)[one.account_id]).may_enter
        ]
        found = list_breaks(ledger, sections={Section.POSITIONS, Section.EXECUTIONS})
    return _answer(found, unproved, AssetCheckSeverity.ERROR)


@asset_check(asset=books, description="The cash of every account is what executions and flows come to.")
def cash_matches() -> AssetCheckResult:
    """By currency; and no equity has jumped without a flow."""
    with opened_ledger() as ledger:
        found = list_breaks(ledger, sections={Section.CASH, Section.EQUITY})
    return _answer(found, (), AssetCheckSeverity.ERROR)


@asset_check(asset=books, description="Of every order both sides know the same.")
def no_unknown_orders() -> AssetCheckResult:
    """None is unknown, missing or orphaned, and the broker works none that is not ours."""
    with opened_ledger() as ledger:
        found = list_breaks(ledger, sections={Section.ORDERS})
    return _answer(found, (), AssetCheckSeverity.ERROR)


@asset_check(asset=account_snapshots, description="Of every account whose market is open there is a word of late.")
def snapshots_fresh() -> AssetCheckResult:
    """While its market is closed, an account's last word is from before."""
    now = utc_now()
    with opened_ledger() as ledger:
        ages = {one.account_id: _age(ledger, one.account_id, now) for one in open_now(_reachable(ledger), now)}
    old = [(name, "never" if age is None else f"{age:.0f}") for name, age in ages.items() if _is_old(age)]
    return AssetCheckResult(
        passed=not old,
        severity=AssetCheckSeverity.ERROR,
        metadata={
            "accounts": len(ages),
            "allowed_seconds": OLDEST_SNAPSHOT.total_seconds(),
            "old": MetadataValue.md(markdown_table(("account", "seconds"), old)),
        },
    )


BOOK_CHECKS: tuple[AssetChecksDefinition, ...] = (books_match_broker, cash_matches, no_unknown_orders, snapshots_fresh)

reconcile_books = define_asset_job(
    RECONCILE_BOOKS,
    selection=AssetSelection.assets(account_snapshots, fund_snapshots, books),
    description="Ask every broker what it holds, and prove the books against it.",
)

every_night = ScheduleDefinition(
    name="reconcile_books_every_night",
    job=reconcile_books,
    cron_schedule="15 18 * * *",
    execution_timezone=load_settings().time_zone,
    default_status=DefaultScheduleStatus.RUNNING,
    description="After the close, over all accounts, whether their market was open or not.",
)


books_in_market_hours = in_market_hours(
    reconcile_books,
    "2-59/15 * * * *",
    "Every quarter of an hour while any account's market is open, between the minutes in which snapshots are taken, "
    "which this takes too.",
)


@sensor(
    job_name=RECONCILE_BOOKS,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Starts a reconciliation when we have just started, when a broker that was away answers again, and "
    "while a break is new.",
)
def prove_the_books(_context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
    """Once a minute, a broker that is still away is asked again, and so is one of whom a break was seen a moment ago.

    What was on its way between the two sides is gone by then, and must not lock an instrument until the next schedule.
    """
    now = utc_now()
    with opened_ledger() as ledger:
        note_this_start(ledger)
        stand = books_of(ledger)
        new = {one.account_id for one in list_breaks(ledger) if one.first_seen > now - NEW}
        reachable = [one.account_id for one in _reachable(ledger)]
        waiting = [one for one in reachable if not stand[one].may_enter or one in new]
    if not waiting:
        yield SkipReason("every account is reconciled, and no break is new")
        return
    yield RunRequest(run_key=f"{now:%Y%m%d%H%M}", tags={"fund/accounts": ",".join(waiting)[:255]})


def break_rows(found: Sequence[Break]) -> list[tuple[object, ...]]:
    """Breaks as rows of a table."""
    return [
        (
            one.account_id,
            one.found.kind.value,
            one.found.subject,
            "–" if one.found.ours is None else one.found.ours,
            "–" if one.found.theirs is None else one.found.theirs,
            f"{one.first_seen:%Y-%m-%d %H:%M:%S}Z",
            one.severity.value,
            one.found.message,
        )
        for one in found
    ]


def _reachable(ledger: Ledger) -> list[Account]:
    """OPEN accounts of brokers that there is an adapter for."""
    accounts = [one for one in list_accounts(ledger) if one.status is AccountStatus.OPEN]
    connections = Connections(accounts, load_settings().root, utc_now)
    return [one for one in accounts if one.account_id in set(connections)]


def _answer(
    found: Sequence[Break], unproved: Sequence[tuple[str, ...]], severity: AssetCheckSeverity
) -> AssetCheckResult:
    shown = [one for one in found if one.found.kind is not BreakKind.LATE_COMMISSION]
    return AssetCheckResult(
        passed=not shown and not unproved,
        severity=severity,
        metadata={
            "breaks": len(shown),
            "evidence": MetadataValue.md(markdown_table(BREAKS, break_rows(shown))),
            "not_proved": MetadataValue.md(markdown_table(("account", "standing", "why"), unproved)),
        },
    )


def _age(ledger: Ledger, account_id: str, now: datetime) -> float | None:
    found = latest(ledger, account_id)
    return None if found is None else age_of(found, now).total_seconds()


def _is_old(seconds: float | None) -> bool:
    return seconds is None or seconds > OLDEST_SNAPSHOT.total_seconds()
