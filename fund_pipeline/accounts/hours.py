"""When an account's market is open: simple on purpose, for it decides only how often brokers are asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from fund_pipeline.ledger.account_model import Account, AccountStatus
from fund_pipeline.terms import AssetClass

NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = "XNYS"
AROUND = timedelta(minutes=30)
"""Fills and prices of the auctions come before the opening and after the close."""

WEEK_ENDS = WEEK_BEGINS = 17
"""Forex and futures trade from Sunday to Friday, at this hour in New York."""

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


def open_now(accounts: Iterable[Account], now: datetime) -> tuple[Account, ...]:
    """Those OPEN accounts of which something can be traded at a moment (UTC)."""
    return tuple(
        one
        for one in accounts
        if one.status is AccountStatus.OPEN and any(is_open(kind, now) for kind in one.asset_classes)
    )


def is_open(asset_class: AssetClass, now: datetime) -> bool:
    """Whether instruments of a class are traded at a moment (UTC).

    CRYPTO always is; FOREX and FUTURE from Sunday 17:00 to Friday 17:00 in New York; the others in sessions of the New
    York exchange, half an hour more on both sides.
    """
    if asset_class is AssetClass.CRYPTO:
        return True
    if asset_class in (AssetClass.FOREX, AssetClass.FUTURE):
        return _in_the_week(now.astimezone(NEW_YORK))
    return _in_session(now)


def _in_the_week(local: datetime) -> bool:
    if local.weekday() == FRIDAY:
        return local.hour < WEEK_ENDS
    return local.hour >= WEEK_BEGINS if local.weekday() == SUNDAY else local.weekday() != SATURDAY


def _in_session(now: datetime) -> bool:
    day = now.astimezone(NEW_YORK).date().isoformat()
    calendar = _calendar(now.astimezone(NEW_YORK).year)
    if not calendar.is_session(day):
        return False
    opens: datetime = calendar.session_open(day).to_pydatetime()
    closes: datetime = calendar.session_close(day).to_pydatetime()
    return opens - AROUND <= now <= closes + AROUND


@lru_cache(maxsize=4)
def _calendar(year: int) -> Any:
    import exchange_calendars  # pandas behind it costs a second: only the schedule pays it, once

    return exchange_calendars.get_calendar(CALENDAR, start=f"{year}-01-01", end=f"{year}-12-31")
