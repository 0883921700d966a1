"""How long this room waits for what, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Patience:
    """Times that a person may change; a test shortens them.

    Attributes
    ----------
    send_within : a process that has claimed an order sends it within this, or leaves it to be asked for.
    answer_within : after this, a claimed order without an outcome is UNKNOWN: its process is taken for dead.
    settle : a request that was sent arrives at the broker within this, or never: until then its "I do not know that
        order" proves nothing. Longer than `answer_within`.
    unknown_deadline : an order that is UNKNOWN, or without the fills its broker tells of, for longer pages a person.
    retry_first, retry_most : pause before a failed exit is tried again; it doubles up to the greatest.
    entry_valid : an entry that does not fill is cancelled after this; None leaves it to the broker.
    entry_again_within : an entry that never reached the broker is sent again this long after it was decided.
    overlap : executions are asked for from this long before the newest one, and before the oldest order that lives:
        clocks differ and fills come late.
    glance : the same for a look that another, whole one follows within seconds.
    """

    send_within: timedelta = timedelta(seconds=10)
    answer_within: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(seconds=45)
    unknown_deadline: timedelta = timedelta(minutes=2)
    retry_first: timedelta = timedelta(seconds=1)
    retry_most: timedelta = timedelta(minutes=5)
    entry_valid: timedelta | None = timedelta(days=1)
    entry_again_within: timedelta = timedelta(minutes=5)
    overlap: timedelta = timedelta(hours=1)
    glance: timedelta = timedelta(minutes=1)

    def pause_before(self, attempt: int) -> timedelta:
        """How long attempt n waits after the one before it failed: 1 s, 2 s, 4 s and so on."""
        doublings = min(max(attempt - 2, 0), 30)
        return min(self.retry_first * (1 << doublings), self.retry_most)


PATIENCE = Patience()
