"""Working the inbox: read what came in, decide it, send its orders, book what was filled. Safe to repeat, any number.

Each step may be done alone and says what it did. `work` is their sequence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fund_pipeline.accounts.reconciliation.running import make_ready
from fund_pipeline.decisions.batch import AT_ONCE, Settled, decide_waiting, nobody
from fund_pipeline.decisions.desk import TradingDesk
from fund_pipeline.decisions.following_up import decide_follow_ups
from fund_pipeline.execution import Followed, follow, submit_intents
from fund_pipeline.ledger.order_model import OrderRow
from fund_pipeline.ledger.orders import orders_by_id
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.inbox import Counts, drain, process_pending

ROUNDS = 4
"""Batches decided before their orders are sent: what is decided must not wait for an inbox that never empties."""

Clock = Callable[[], datetime]

log = get_logger(__name__)


@dataclass(frozen=True)
class Read:
    """How many signals came from the spool, and what reading those that were RECEIVED came to."""

    drained: int
    counts: Counts


@dataclass(frozen=True)
class Worked:
    """What one pass did.

    Attributes
    ----------
    read : what was read.
    settled : the signals that were decided, in their order, each with its decisions.
    sent : the orders that were intents, as they were after sending.
    followed : the fills that were booked, the orders as they are now, and the accounts whose broker is away.
    """

    read: Read
    settled: tuple[Settled, ...]
    sent: tuple[OrderRow, ...]
    followed: Followed

    @property
    def is_idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.read.drained or self.read.counts.total or self.settled or self.sent or self.followed.booked)


def work(desk: TradingDesk, owner: str, now: Clock) -> Worked:
    """One pass over all that waits; `owner` names the batches (a Dagster run's id), `now` tells the time in UTC.

    TemporaryError when the ledger is away: what was done by then stays, and the next pass does the rest. A broker that
    is away holds up its own account only.
    """
    read = read_waiting(desk, now)
    settled = decide_rounds(desk, owner, now)
    sent = send_intents(desk, now)
    return Worked(read, settled, sent, follow_orders(desk, now))


def read_waiting(desk: TradingDesk, now: Clock) -> Read:
    """Store what waits on the spool, and read what is RECEIVED to its standardised form.

    While some still waits there, as when another process drains, nothing is read: an exit in the ledger must not
    overtake its entry on the spool.
    """
    drained = drain(desk.ledger, desk.spool)
    if not desk.spool.is_empty:
        log.warning("signals are not read in this pass: older ones still wait on the spool")
        return Read(drained, Counts())
    return Read(drained, process_pending(desk.ledger, desk.reader, now()))


def decide_rounds(
    desk: TradingDesk, owner: str, now: Clock, recorded: Callable[[], None] = nobody
) -> tuple[Settled, ...]:
    """Decide what is standardised, oldest first, batch after batch while there is more, a few at most.

    Then what signals enter whose exits have filled since. Accounts that have not been reconciled since we started are
    before; where that cannot be done, their entries are refused, and exits go. `recorded` is told of transactions whose
    orders may be sent already; what comes in after that waits for them to be sent, and for the next pass.
    """
    make_ready(desk.books(now))
    settled: list[Settled] = []
    told: list[bool] = []

    def tell() -> None:
        told.append(True)
        recorded()

    for _ in range(ROUNDS):
        batch = decide_waiting(desk.ledger, desk.sources, owner, now, recorded=tell)
        settled += batch
        if told or len(batch) < AT_ONCE:
            break
    return (*settled, *decide_follow_ups(desk.ledger, desk.sources, owner, now))


def send_intents(desk: TradingDesk, now: Clock) -> tuple[OrderRow, ...]:
    """Send what was decided, exits first, each once; those that were intents, as they are then."""
    sent = submit_intents(desk.ledger, desk.brokers, now)
    found = orders_by_id(desk.ledger, sent)
    return tuple(found[name] for name in sent)


def follow_orders(desk: TradingDesk, now: Clock, *, glance: bool = False) -> Followed:
    """Book what was filled, and bring orders to their end; a `glance` is enough where whole looks follow."""
    return follow(desk.ledger, desk.brokers, now, glance=glance)
