"""What an account was worth: now, by the broker's last word, and when the fund's day began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import AccountSnapshot
from fund_pipeline.ledger.snapshots import equity_at, first_since, latest, record_snapshot

__all__ = ["age_of", "day_start", "day_start_snapshot", "equity_at", "latest", "record_snapshot"]


def age_of(snapshot: AccountSnapshot, now: datetime) -> timedelta:
    """How old the broker's word is; zero where its clock is ahead of ours."""
    return max(now - snapshot.as_of, timedelta(0))


def day_start(now: datetime, zone: ZoneInfo) -> datetime:
    """When the day of this moment began in the fund's time zone, in UTC. Where midnight is skipped: the first moment.

    A midnight that comes twice is the first of the two.
    """
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight.astimezone(UTC)


def day_start_snapshot(ledger: Ledger, account_id: str, now: datetime, zone: ZoneInfo) -> AccountSnapshot | None:
    """What today's loss is measured against: the last word before the day began, else the first one of the day.

    None when there is no word on the account at all.
    """
    began = day_start(now, zone)
    before = equity_at(ledger, account_id, began)
    if before is not None:
        return before
    return first_since(ledger, account_id, began)
