"""How well each sender's signals come through: what is refused or sent again, how late, and by whose clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.ledger.signal_quality import Passage, count_refused, count_resends, passages

NOT_TAKEN = frozenset({SignalState.QUARANTINED, SignalState.REJECTED})


@dataclass(frozen=True)
class QualityLimits:
    """What is worth a person's look.

    Attributes
    ----------
    rejected_share : of what a sender sent, refused at the door, quarantined or rejected.
    resent_share : of what a sender sent, sent again after it was stored.
    read_seconds : from receipt until a signal was read, 95th percentile.
    delay_seconds : from sending, by the sender's clock, until receipt, median.
    ahead_seconds : by which a signal may seem to be received before it was sent.
    least : fewer signals than this say nothing about shares.
    """

    rejected_share: float = 0.10
    resent_share: float = 0.50
    read_seconds: float = 5.0
    delay_seconds: float = 60.0
    ahead_seconds: float = 2.0
    least: int = 5


@dataclass(frozen=True)
class SenderQuality:
    """One sender's signals over a stretch of time.

    Attributes
    ----------
    sender_id : empty for signals of which nobody knows whose they are.
    stored, not_taken : accepted signals, and those of them that are quarantined or rejected.
    refused : turned away at the door although the sender was known.
    resent : came again after they were stored.
    delay_seconds : median from sending to receipt, by two clocks; None where no time of sending could be read.
    ahead_seconds : the most by which the sender's clock was ahead at receipt; 0 where it never was.
    read_seconds : 95th percentile from receipt until it was read; None while none was.
    """

    sender_id: str
    stored: int
    not_taken: int
    refused: int
    resent: int
    delay_seconds: float | None
    ahead_seconds: float
    read_seconds: float | None

    @property
    def sent(self) -> int:
        """Everything that came from it."""
        return self.stored + self.refused + self.resent

    @property
    def rejected_share(self) -> float:
        """The share that came to nothing, of what was not merely sent again."""
        fresh = self.stored + self.refused
        return (self.not_taken + self.refused) / fresh if fresh else 0.0

    @property
    def resent_share(self) -> float:
        """The share that had been stored before."""
        return self.resent / self.sent if self.sent else 0.0


def measure_senders(ledger: Ledger, since: datetime) -> tuple[SenderQuality, ...]:
    """Every sender of whom anything came since then (UTC), by id."""
    return assess(passages(ledger, since), count_refused(ledger, since), count_resends(ledger, since))


def assess(
    found: Iterable[Passage], refused: Mapping[str, int], resent: Mapping[str, int]
) -> tuple[SenderQuality, ...]:
    """The same from what was found: a pure function."""
    by_sender: dict[str, list[Passage]] = {}
    for passage in found:
        by_sender.setdefault(passage.sender_id, []).append(passage)
    senders = sorted({*by_sender, *refused, *resent})
    return tuple(_one(each, by_sender.get(each, []), refused.get(each, 0), resent.get(each, 0)) for each in senders)


def _one(sender_id: str, found: Sequence[Passage], refused: int, resent: int) -> SenderQuality:
    states = Counter(passage.state for passage in found)
    delays = [(one.received_at - one.sent_at).total_seconds() for one in found if one.sent_at is not None]
    reads = [(one.read_at - one.received_at).total_seconds() for one in found if one.read_at is not None]
    return SenderQuality(
        sender_id,
        stored=len(found),
        not_taken=sum(states[state] for state in NOT_TAKEN),
        refused=refused,
        resent=resent,
        delay_seconds=percentile(delays, 0.5),
        ahead_seconds=max(0.0, -min(delays, default=0.0)),
        read_seconds=percentile(reads, 0.95),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """The least value that at least `share` of them do not exceed (nearest rank); None of none."""
    if not values:
        return None
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]
