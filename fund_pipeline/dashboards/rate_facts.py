"""The rates by which the marts value what a fund has in other currencies than its own: those that the books take."""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from fund_pipeline.accounts.known_rates import known_rate, why_unknown
from fund_pipeline.accounts.payouts.rates import end_of_day
from fund_pipeline.accounts.snapshots import day_start
from fund_pipeline.accounts.times import day_of
from fund_pipeline.dashboards.model import RateUse
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.positions import position_currencies
from fund_pipeline.ledger.snapshots import first_since
from fund_pipeline.warehouse.export.columns import MOMENT, MONEY

EVER = datetime.min.replace(tzinfo=UTC)

Wanted = tuple[str, RateUse, datetime, date]
"""From which currency, what for, as of which moment (UTC), and for which day of the fund's."""


def rates(ledger: Ledger, now: datetime, time_zone: str) -> pl.DataFrame:
    """The rate to a fund's currency of each other one in which it has an account or a position, once for each use.

    Null where the books know none, and `problem` says why. The day of an account begins with its first word, where
    there is none before the day.
    """
    schema = {
        **dict.fromkeys(("fund_id", "currency", "used_for"), pl.String()),
        "moment": MOMENT,
        "day": pl.Date(),
        "rate": MONEY,
        "told_at": MOMENT,
        **dict.fromkeys(("told_by", "problem"), pl.String()),
    }
    currency_of = {one.fund_id: one.currency for one in list_funds(ledger)}
    positions, zone = position_currencies(ledger), ZoneInfo(time_zone)
    wanted = {
        (account.fund_id, *one)
        for account in list_accounts(ledger)
        for one in _wanted(
            ledger, account, currency_of[account.fund_id], positions.get(account.account_id, set()), now, zone
        )
    }
    rows = []
    for fund_id, currency, use, moment, day in sorted(wanted):
        target = currency_of[fund_id]
        known = known_rate(ledger, currency, target, moment)
        told: tuple[object, ...] = (None, None, None, why_unknown(currency, target))
        if known is not None:
            told = (known.rate, known.as_of, known.told_by, None)
        rows.append((fund_id, currency, use.value, moment, day, *told))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _wanted(
    ledger: Ledger, account: Account, target: str, positions: Set[str], now: datetime, zone: ZoneInfo
) -> Iterator[Wanted]:
    today = day_of(now, zone)
    for currency in {account.currency, *positions} - {target}:
        yield currency, RateUse.NOW, now, today
    if account.currency == target:
        return
    first = first_since(ledger, account.account_id, EVER)
    if first is None:
        return
    yield account.currency, RateUse.DAY_START, max(day_start(now, zone), first.as_of), today
    for number in range(day_of(first.as_of, zone).toordinal(), today.toordinal()):
        day = date.fromordinal(number)
        yield account.currency, RateUse.DAY_END, end_of_day(day, zone).astimezone(UTC), day
