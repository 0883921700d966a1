"""Months in the fund's time zone. A month is named by its first day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.times import day_of
from fund_pipeline.errors import InputError


def month_of(moment: datetime, zone: ZoneInfo) -> date:
    """The month that it is at a moment."""
    return day_of(moment, zone).replace(day=1)


def following(month: date) -> date:
    """The month after."""
    return (month + timedelta(days=31)).replace(day=1)


def preceding(month: date) -> date:
    """The month before."""
    return (month - timedelta(days=1)).replace(day=1)


def months_between(first: date, last: date) -> Iterator[date]:
    """Every month from one to another, both among them."""
    month = first
    while month <= last:
        yield month
        month = following(month)


def next_payment_on(now: datetime, zone: ZoneInfo) -> date:
    """The next first of a month: today, if it is one."""
    today = day_of(now, zone)
    return today if today.day == 1 else following(today.replace(day=1))


def parse_month(field: str, text: str) -> date:
    """A month as a person writes it: 2026-03. InputError for anything else."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise InputError(f"{field} is {text!r}: not a month", remedy="write it as 2026-03")
    return date.fromisoformat(f"{text}-01")
