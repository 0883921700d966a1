"""How fast one sender may send."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock

BURST_SECONDS = 10
"""After a rest, what may be sent at once is what would have been sent in this time."""


class Rates:
    """A token bucket for each sender, in this process: a restart fills them. Safe among threads."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._most, self._clock = per_second, per_second * BURST_SECONDS, clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def take(self, sender_id: str) -> int:
        """0 when the sender may send one now; else the seconds, one or more, after which it may."""
        with self._lock:
            now = self._clock()
            left, at = self._left.get(sender_id, (float(self._most), now))
            left = min(float(self._most), left + (now - at) * self._rate)
            if left < 1:
                self._left[sender_id] = (left, now)
                return max(1, math.ceil((1 - left) / self._rate))
            self._left[sender_id] = (left - 1, now)
            return 0
