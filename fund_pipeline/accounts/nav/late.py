"""Closing months, and flagging what became known too late to be in one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from fund_pipeline.accounts.nav.closes import FundDay, last_day
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.closed_months import (
    insert_closed_month,
    late_candidates,
    list_closed_months,
    note_late,
)
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.nav_model import ClosedMonth, LateEntry


def close_month(ledger: Ledger, fund_id: str, mode: TradingMode, month: date, act: Act) -> bool:
    """Make all NAVs up to the end of a month final for good, audited. False when they are already.

    NotFoundError; ConflictError unless the NAV of its last day is struck and final.
    """
    get_fund(ledger, fund_id)
    first = month.replace(day=1)
    closed = ClosedMonth(fund_id, mode, first, act.actor, act.at)
    return insert_closed_month(ledger, closed, last_day(first), act)


def note_late_entries(
    ledger: Ledger, fund_id: str, mode: TradingMode, fund_day: FundDay, booked_on: date, act: Act
) -> tuple[LateEntry, ...]:
    """Flag fills and flows of closed months that became known after their closing: they count from `booked_on`, an open
    day, because the NAVs of their own month stay as they are."""
    closed = list_closed_months(ledger, fund_id, mode)
    if not closed:
        return ()
    ends = datetime.combine(last_day(closed[-1].month) + timedelta(days=1), time(), fund_day.zone).astimezone(UTC)
    candidates = late_candidates(ledger, fund_id, mode, ends, min(one.closed_at for one in closed))
    found = []
    for one in candidates:
        month = fund_day.day_of(one.effective_at).replace(day=1)
        closing = next(each for each in closed if each.month >= month)  # closing a month closes those before it
        if one.known_at > closing.closed_at:
            found.append(LateEntry(fund_id, mode, *one, month=month, booked_on=booked_on))
    note_late(ledger, found, act)
    return tuple(found)
