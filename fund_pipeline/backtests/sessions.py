"""Dates against the sessions of an exchange."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fund_pipeline.backtests.model import Days, Finding, FindingCode, Flags, Lines

FIRST_YEAR = 1960
"""Calendars start here, so that the longest history anyone sends is covered."""
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Sessions:
    """The sessions of one calendar.

    Attributes
    ----------
    name : exchange_calendars name.
    first : day number (days since 1970-01-01) of element 0 of the arrays below.
    is_session : bool, shape (days,); whether the day is a session.
    count : int64, shape (days,); number of sessions up to and including the day.
    """

    name: str
    first: int
    is_session: Flags
    count: Lines


@dataclass(frozen=True, eq=False)
class SessionCheck:
    """What the calendar says about one series: its warnings, and where sessions are missing.

    Attributes
    ----------
    findings : NON_TRADING_DAYS and MISSING_SESSIONS, each at most once.
    after_gap : bool, shape (n,); True where at least one session lies between this row and the one before.
    """

    findings: tuple[Finding, ...]
    after_gap: Flags


def is_calendar(name: str) -> bool:
    """Whether exchange_calendars knows the name (aliases included)."""
    import exchange_calendars  # pandas behind it costs a second: only research pays it

    return name in exchange_calendars.get_calendar_names(include_aliases=True)


@lru_cache(maxsize=32)
def trading_sessions(name: str, last_year: int) -> Sessions:
    """Sessions of a known calendar from FIRST_YEAR (or its own first day) to the end of ``last_year``.

    Raises ``exchange_calendars.errors.InvalidCalendarName`` for a name that ``is_calendar`` denies.
    """
    import exchange_calendars

    kind = type(exchange_calendars.get_calendar(name))
    start, end = f"{FIRST_YEAR}-01-01", f"{last_year}-12-31"
    earliest, latest = kind.bound_min(), kind.bound_max()
    if earliest is not None:
        start = max(start, str(earliest.date()))
    if latest is not None:
        end = min(end, str(latest.date()))
    days = kind(start=start, end=end).sessions.to_numpy().astype("datetime64[D]").astype(np.int64)
    is_session = np.zeros(int(days[-1] - days[0]) + 1, dtype=np.bool_)
    is_session[days - days[0]] = True
    return Sessions(name, int(days[0]), is_session, np.cumsum(is_session, dtype=np.int64))


def check_sessions(dates: Days, rows: Lines, header: str, sessions: Sessions) -> SessionCheck:
    """Compare strictly increasing dates with the calendar.

    Days before the calendar's first or after its last known session are not judged.

    Parameters
    ----------
    dates : datetime64[D], shape (n,), strictly increasing.
    rows : int64, shape (n,); line of each date in the file.
    header : header of the date column.
    sessions : the declared calendar.
    """
    after_gap = np.zeros(len(dates), dtype=np.bool_)
    place = dates.astype(np.int64) - sessions.first
    known = (place >= 0) & (place < len(sessions.count))
    if not known.any():
        return SessionCheck((), after_gap)
    if known.all():
        known_at = slice(None)
    else:
        first, last = np.flatnonzero(known)[[0, -1]]
        known_at = slice(int(first), int(last) + 1)
        place = place[known_at]
    open_day = sessions.is_session[place]
    upto = sessions.count[place]
    skipped = upto[1:] - open_day[1:] - upto[:-1]
    after_gap[known_at][1:] = skipped > 0
    findings = []
    if not open_day.all():
        closed = np.flatnonzero(known)[~open_day]
        findings.append(
            Finding(
                FindingCode.NON_TRADING_DAYS,
                f"{len(closed)} of {len(dates)} dates are not sessions of {sessions.name}: {_some(dates[closed])}",
                "name the right calendar in the manifest (calendar: 24/7 for crypto), or correct the dates",
                row=int(rows[closed[0]]),
                column=header,
                value=str(dates[closed[0]]),
            )
        )
    missing = int(skipped.sum())
    if missing:
        after = int(np.flatnonzero(after_gap)[0])
        findings.append(
            Finding(
                FindingCode.MISSING_SESSIONS,
                f"{missing} sessions of {sessions.name} between the first and the last date are not in the file, "
                f"the first after {dates[after - 1]}",
                "send those days, or name the right calendar in the manifest",
                row=int(rows[after]),
                column=header,
                value=str(dates[after]),
            )
        )
    return SessionCheck(tuple(findings), after_gap)


def _some(days: Days) -> str:
    shown = ", ".join(str(day) for day in days[:_SHOWN])
    return f"{shown}, ..." if len(days) > _SHOWN else shown


def session_days(name: str, last_year: int) -> Days:
    """Every session of a known calendar as datetime64[D], from FIRST_YEAR to the end of ``last_year``."""
    known = trading_sessions(name, last_year)
    return (known.first + np.flatnonzero(known.is_session)).astype("datetime64[D]")


def count_missing(dates: Days, sessions: Sessions) -> int:
    """Sessions between the first and the last of strictly increasing dates that are not among them."""
    numbers = dates.astype(np.int64) - sessions.first
    first, last = max(int(numbers[0]), 0), min(int(numbers[-1]), len(sessions.is_session) - 1)
    if last < first:
        return 0
    known = numbers[(numbers >= first) & (numbers <= last)]
    return int(sessions.is_session[first : last + 1].sum()) - int(sessions.is_session[known].sum())
