"""Too many failures lock a user for a while: the rate at which codes can be guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fund_pipeline.settings import Settings


@dataclass(frozen=True)
class Lockout:
    """`failures` within `window` lock for `lasting`."""

    failures: int = 5
    window: timedelta = timedelta(minutes=15)
    lasting: timedelta = timedelta(minutes=15)

    @classmethod
    def of(cls, settings: Settings) -> Lockout:
        """As the settings have it."""
        return cls(
            settings.lockout_failures,
            timedelta(minutes=settings.lockout_window_minutes),
            timedelta(minutes=settings.lockout_minutes),
        )

    def after_failure(self, earlier: tuple[str, ...], now: datetime) -> tuple[tuple[str, ...], datetime | None]:
        """The failures that still count, with this one, and until when the user is locked if these are too many.

        A lock starts the count anew: the failures that led to it have had their effect.
        """
        counting = (*(each for each in earlier if datetime.fromisoformat(each) > now - self.window), now.isoformat())
        return ((), now + self.lasting) if len(counting) >= self.failures else (counting, None)


def is_locked(until: datetime | None, now: datetime) -> bool:
    """Whether a lock that lasts until then holds now."""
    return until is not None and now < until
