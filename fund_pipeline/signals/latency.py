"""How long signals take from one point of their path to the next, and from receipt to the broker's acknowledgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.ledger.signal_times import SignalTimes, times_since
from fund_pipeline.signals.quality import percentile

MOST = 10_000
"""Signals that are measured: the newest of the stretch of time."""

UNDECIDED = frozenset({SignalState.RECEIVED, SignalState.STANDARDISED, SignalState.CLAIMED})


class Stretch(StrEnum):
    """A part of the path, named after where it ends; TOTAL is all of it, from receipt to acknowledgement."""

    READ = "READ"
    CLAIMED = "CLAIMED"
    DECIDED = "DECIDED"
    SUBMITTED = "SUBMITTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    FILLED = "FILLED"
    TOTAL = "TOTAL"


@dataclass(frozen=True)
class Latency:
    """Seconds that a stretch took `count` signals: the value that the share does not exceed (nearest rank)."""

    stretch: Stretch
    count: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True)
class PathLatency:
    """The path over a stretch of time.

    Attributes
    ----------
    signals : how many were measured; those that were read again are not.
    stretches : each of them, TOTAL last.
    overdue : signals that are undecided although they were received longer ago than the target.
    """

    signals: int
    stretches: tuple[Latency, ...]
    overdue: tuple[str, ...]

    @property
    def total(self) -> Latency:
        """From receipt to acknowledgement."""
        return self.stretches[-1]

    def keeps(self, target: float) -> bool:
        """Whether 95 % were acknowledged within `target` seconds, and nothing that is older waits."""
        return not self.overdue and (self.total.p95 is None or self.total.p95 <= target)


def measure_path(ledger: Ledger, since: datetime, now: datetime, target: float) -> PathLatency:
    """The latency of signals received since then (UTC); `target` in seconds says which are overdue at `now`."""
    return assess_path(times_since(ledger, since, MOST), now, target)


def assess_path(found: Sequence[SignalTimes], now: datetime, target: float) -> PathLatency:
    """The same from what was found: a pure function."""
    measured = [one for one in found if not one.read_again]
    taken = [stretches_of(one) for one in measured]
    overdue = [one for one in measured if one.state in UNDECIDED and (now - one.received_at).total_seconds() > target]
    return PathLatency(
        signals=len(measured),
        stretches=tuple(_latency(each, [one[each] for one in taken if each in one]) for each in Stretch),
        overdue=tuple(one.signal_id for one in overdue),
    )


def stretches_of(times: SignalTimes) -> dict[Stretch, float]:
    """Seconds of each stretch that a signal has behind it. One that was passed over counts with the next."""
    points = {
        Stretch.READ: times.read_at,
        Stretch.CLAIMED: times.claimed_at,
        Stretch.DECIDED: times.decided_at,
        Stretch.SUBMITTED: times.submitted_at,
        Stretch.ACKNOWLEDGED: times.acknowledged_at,
        Stretch.FILLED: times.filled_at,
    }
    found, last = {}, times.received_at
    for stretch, at in points.items():
        if at is not None:
            found[stretch] = (at - last).total_seconds()
            last = at
    if times.acknowledged_at is not None:
        found[Stretch.TOTAL] = (times.acknowledged_at - times.received_at).total_seconds()
    return found


def _latency(stretch: Stretch, seconds: Sequence[float]) -> Latency:
    p50, p95, p99 = (percentile(seconds, share) for share in (0.5, 0.95, 0.99))
    return Latency(stretch, len(seconds), p50, p95, p99)
