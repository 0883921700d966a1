"""When a fund's day closes, in its time zone, on days on which clocks change too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fund_pipeline.errors import InputError
from fund_pipeline.settings import Settings


@dataclass(frozen=True)
class FundDay:
    """The fund's time zone, and the local time at which its day closes."""

    zone: ZoneInfo
    close: time

    @classmethod
    def of(cls, settings: Settings) -> FundDay:
        """As the settings have it."""
        return cls(ZoneInfo(settings.time_zone), settings.nav_close)

    def close_of(self, day: date) -> datetime:
        """The close of a day, UTC. A local time that comes twice is the first; one that is skipped, the same time by
        the clock of before, so that a day has one close and they follow each other."""
        return datetime.combine(day, self.close, self.zone).astimezone(UTC)

    def day_of(self, moment: datetime) -> date:
        """The day that it is at a moment."""
        return moment.astimezone(self.zone).date()

    def running(self, moment: datetime) -> date:
        """The day whose close comes next: it began at the close before."""
        today = self.day_of(moment)
        return today if moment < self.close_of(today) else today + timedelta(days=1)

    def read_day(self, field: str, text: str) -> date:
        """A day as a person writes it. InputError when it is none."""
        try:
            return date.fromisoformat(text.strip())
        except ValueError:
            raise InputError(f"{field} is {text!r}: not a day", remedy="write it as 2026-03-31") from None


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from one to another, both in it."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def month_of(field: str, text: str) -> date:
    """The first day of a month as a person writes it. InputError when it is none."""
    try:
        return date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        raise InputError(f"{field} is {text!r}: not a month", remedy="write it as 2026-03") from None


def last_day(month: date) -> date:
    """The last day of the month that a day is in."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
