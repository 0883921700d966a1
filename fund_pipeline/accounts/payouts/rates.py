"""The rate of a day: the last that a broker told by its end in the fund's time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.known_rates import OLDEST_RATE, known_rate
from fund_pipeline.accounts.payouts.reckoning import RateOfDay
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of a day in a time zone."""
    return datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)


def rates_of_days(ledger: Ledger, zone: ZoneInfo, oldest: timedelta = OLDEST_RATE) -> RateOfDay:
    """Rates by day from the ledger, each looked up once. InputError where none is younger than `oldest` at its end."""
    found: dict[tuple[str, str, date], Decimal] = {}

    def rate(source: str, target: str, day: date) -> Decimal:
        key = (source, target, day)
        if key not in found:
            told = known_rate(ledger, source, target, end_of_day(day, zone), oldest)
            if told is None:
                raise InputError(
                    f"the rate of {source} in {target} on {day} is not known",
                    remedy=f"find it in a statement: `fund rates add {source} {target} RATE --at {day}T16:00 ...`",
                )
            found[key] = told.rate
        return found[key]

    return rate
