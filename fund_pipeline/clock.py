"""The one place that asks what time it is. Everything that decides takes a time as a value instead."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The present moment, in UTC with its zone."""
    return datetime.now(UTC)


def today_in(time_zone: str) -> date:
    """The calendar day it is now in an IANA time zone."""
    return datetime.now(ZoneInfo(time_zone)).date()
