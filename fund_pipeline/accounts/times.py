"""Days and moments in the fund's time zone, where clocks are put forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from fund_pipeline.errors import InputError


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day that it is at a moment in a time zone."""
    return moment.astimezone(zone).date()


def moment_of(field: str, text: str, zone: ZoneInfo) -> datetime:
    """A moment as a person writes it: ISO 8601 with an offset, or without one in this zone.

    InputError when it is none, is a day only, or is a time that the zone's clocks skip or show twice.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            f"{field} is {text!r}: not a time", remedy="write it as 2026-03-02T15:00, or with an offset: ...15:00-05:00"
        ) from None
    if len(text.strip()) <= len("2026-03-02"):
        raise InputError(
            f"{field} is {text!r}: a day without a time",
            remedy=f"say when on that day, as {text.strip()}T15:00: it decides which figures it is in",
        )
    if found.tzinfo is not None:
        return found
    first, second = found.replace(tzinfo=zone, fold=0), found.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    skipped = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found
    what = "skip" if skipped else "show twice"
    raise InputError(
        f"{field} is {text!r}: a time that the clocks of {zone.key} {what} on that day",
        remedy=f"write it with its offset, as {first.isoformat()} or {second.isoformat()}",
    )
