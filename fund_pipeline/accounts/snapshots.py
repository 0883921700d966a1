"""What an account was worth: now, by the broker's last word, and when the fund's day began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import InvalidOperation
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.asking import Heard, ask_all
from fund_pipeline.accounts.findings import Finding, FindingKind
from fund_pipeline.accounts.hours import SATURDAY
from fund_pipeline.accounts.rates import ask_rates
from fund_pipeline.accounts.reconciliation.noting import note_equity
from fund_pipeline.errors import FundError, InputError
from fund_pipeline.execution import Broker
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, Mark, WorkingOrder
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.rates import record_rates
from fund_pipeline.ledger.snapshots import CLOCK_SKEW, equity_at, first_since, latest, record_snapshot

__all__ = [
    "Taken",
    "age_of",
    "day_start",
    "day_start_snapshot",
    "equity_at",
    "latest",
    "previous_session_end",
    "record_snapshot",
    "snapshot_of",
    "take_snapshots",
]

SESSION_ENDS = time(16, 0)
"""In the fund's time zone, Monday to Friday. Holidays are not known here: they make the rule stricter, never looser."""

AT_THE_START = timedelta(minutes=15)
"""A word this soon after a day began tells how it began."""


@dataclass(frozen=True)
class Taken:
    """What was recorded of accounts, and what could not be, with why."""

    snapshots: tuple[AccountSnapshot, ...]
    findings: tuple[Finding, ...]


def take_snapshots(ledger: Ledger, brokers: Mapping[str, Broker], accounts: Iterable[Account], now: datetime) -> Taken:
    """Ask the broker of each account what it is worth, record it, and the rates to the fund's currency, as of `now`.

    An account that cannot be asked, or whose word cannot be kept, holds up no other: it has a finding, and its last
    snapshot stays the newest. TemporaryError when the ledger is away.
    """
    snapshots: list[AccountSnapshot] = []
    findings: list[Finding] = []
    asked = tuple(accounts)
    for account in asked:
        taken, found = _take(ledger, brokers, account, now)
        findings += found
        if taken is not None:
            snapshots.append(taken)
    currency = {one.fund_id: one.currency for one in list_funds(ledger)}
    into = {one.account_id: currency[one.fund_id] for one in asked}
    pairs = {(money, into[one.account_id]) for one in snapshots for money in _currencies(one)}
    record_rates(
        ledger,
        ask_rates(brokers, [one.account_id for one in snapshots], {one for one in pairs if one[0] != one[1]}, now),
    )
    return Taken(tuple(snapshots), tuple(findings))


def snapshot_of(account_id: str, heard: Heard, now: datetime) -> AccountSnapshot:
    """What a broker said, as the ledger keeps it; it arrived `now` (UTC)."""
    state = heard.state
    return AccountSnapshot(
        account_id=account_id,
        as_of=state.as_of,
        received_at=now,
        equity=state.equity,
        cash=state.cash,
        margin_used=state.margin_used,
        currency=state.currency,
        positions=dict(heard.quantities),
        cash_by_currency=state.cash_by_currency,
        unrealised_pnl=state.unrealised_pnl,
        marks={
            one.instrument_key: Mark(one.average_price, one.market_price, one.multiplier, one.currency)
            for one in heard.positions
        },
        working_orders=None
        if heard.orders is None
        else tuple(
            WorkingOrder(
                one.broker_order_id,
                one.client_order_id,
                one.instrument_key,
                one.side,
                one.quantity,
                one.filled_quantity,
            )
            for one in heard.orders
        ),
    )


def age_of(snapshot: AccountSnapshot, now: datetime) -> timedelta:
    """How old the broker's word is; zero where its clock is ahead of ours."""
    return max(now - snapshot.as_of, timedelta(0))


def day_start(now: datetime, zone: ZoneInfo) -> datetime:
    """When the day of this moment began in the fund's time zone, in UTC. Where midnight is skipped: the first moment.

    A midnight that comes twice is the first of the two.
    """
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight.astimezone(UTC)


def previous_session_end(now: datetime, zone: ZoneInfo) -> datetime:
    """When the last session before the day of this moment ended, in UTC: a word before it is too old for a start."""
    day = now.astimezone(zone).date() - timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day -= timedelta(days=1)
    return datetime.combine(day, SESSION_ENDS, zone).astimezone(UTC)


def day_start_snapshot(ledger: Ledger, account_id: str, now: datetime, zone: ZoneInfo) -> AccountSnapshot | None:
    """What today's loss is measured against; None where it is not known.

    The first word of the day's first quarter of an hour; else the last one before the day, if the session before it had
    ended by then, for what was lost after an older one would count as today's; else, of an account of which there is no
    word before today, the first.
    """
    began = day_start(now, zone)
    first = first_since(ledger, account_id, began)
    if first is not None and first.as_of <= began + AT_THE_START:
        return first
    before = equity_at(ledger, account_id, began)
    if before is None:
        return first
    return before if before.as_of >= previous_session_end(now, zone) else None


def _take(
    ledger: Ledger, brokers: Mapping[str, Broker], account: Account, now: datetime
) -> tuple[AccountSnapshot | None, list[Finding]]:
    def finding(kind: FindingKind, message: str, about: str = "account") -> Finding:
        return Finding(kind, account.account_id, about, message)

    if account.account_id not in brokers:
        return None, [finding(FindingKind.NO_ADAPTER, f"there is no adapter for broker {account.broker}")]
    try:
        heard, why_no_orders = ask_all(brokers[account.account_id])
    except FundError as away:  # whatever ails one of them must not hold up the others
        return None, [finding(FindingKind.AWAY, away.message)]
    except InvalidOperation:
        return None, [finding(FindingKind.NOT_A_NUMBER, "a number that the broker gave is none")]
    partial = [] if why_no_orders is None else [finding(FindingKind.PARTIAL, why_no_orders, "working orders")]
    if heard.state.currency != account.currency:
        message = f"the broker counts in {heard.state.currency}, the account in {account.currency}"
        return None, [*partial, finding(FindingKind.OTHER_CURRENCY, message)]
    snapshot = snapshot_of(account.account_id, heard, now)
    if snapshot.as_of > now + CLOCK_SKEW:
        message = f"the broker tells of {snapshot.as_of.isoformat()}, and it is {now.isoformat()}"
        return None, [*partial, finding(FindingKind.CLOCK_AHEAD, message)]
    note_equity(ledger, snapshot, now)
    try:
        return record_snapshot(ledger, snapshot), partial
    except InputError as changed:  # the account was changed since it was read
        return None, [*partial, finding(FindingKind.OTHER_CURRENCY, changed.message)]


def _currencies(snapshot: AccountSnapshot) -> set[str]:
    marked = {one.currency for one in (snapshot.marks or {}).values() if one.currency is not None}
    return {snapshot.currency, *(snapshot.cash_by_currency or {}), *marked}
