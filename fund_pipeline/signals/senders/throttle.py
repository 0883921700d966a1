"""Counting refused credentials by where they come from. In memory: a restart forgives.

Only what no sender's passphrase is gets slower answers. Whoever has one is never locked out by others' guesses, even
from the same address, as all of a charting site's users have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address
from threading import Lock

from fund_pipeline.signals.senders.addresses import peer_address

MOST_PLACES = 10_000
IPV6_HOSTS = 64


@dataclass(frozen=True)
class Limits:
    """`failures` within `window` from one place have further strangers refused unheard until the window is over.

    At most `audited` entries per window go into the audit log, which must not be a way to fill the disk.
    """

    failures: int = 10
    window: timedelta = timedelta(minutes=1)
    audited: int = 20


@dataclass(frozen=True)
class Failure:
    """One refusal: how many there were from its place in this window, and whether to write it into the audit log."""

    count: int
    is_audited: bool


@dataclass
class Throttle:
    """The counts of one process. Safe among threads; the time is passed in."""

    limits: Limits = Limits()
    _counts: dict[str, int] = field(default_factory=dict)
    _began: datetime | None = None
    _audited: int = 0
    _lock: Lock = field(default_factory=Lock)

    def wait_seconds(self, address: str | None, now: datetime) -> int:
        """Seconds for which strangers from there are refused unheard; 0 where they are heard."""
        with self._lock:
            self._turn(now)
            crowded = len(self._counts) >= MOST_PLACES and _place(address) not in self._counts
            if self._began is None or (self._counts.get(_place(address), 0) < self.limits.failures and not crowded):
                return 0
            return max(1, round((self._began + self.limits.window - now).total_seconds()))

    def failed(self, address: str | None, now: datetime) -> Failure:
        """Count a refusal. Its place's first in the window is audited, and the one that reaches the limit."""
        with self._lock:
            self._turn(now)
            place = _place(address)
            count = self._counts.get(place, 0) + 1
            if place in self._counts or len(self._counts) < MOST_PLACES:
                self._counts[place] = count
            told = count in (1, self.limits.failures) and self._audited < self.limits.audited
            self._audited += told
            return Failure(count, told)

    def _turn(self, now: datetime) -> None:
        if self._began is None or not self._began <= now < self._began + self.limits.window:
            self._began, self._audited = now, 0
            self._counts.clear()


def _place(address: str | None) -> str:
    """An IPv4 address, or the network of an IPv6 one: a household has 2^64 of them."""
    found = peer_address(address)
    if found is None:
        return ""
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(IPv6Address(int(found) >> IPV6_HOSTS << IPV6_HOSTS))
