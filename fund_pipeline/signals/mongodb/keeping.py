"""A followed document into the ledger, or onto the spool while that is away. Twice is once."""

from __future__ import annotations

from fund_pipeline.errors import NotFoundError, TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.signals import get_signal
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.inbox.accepting import store_at_any_rate
from fund_pipeline.signals.inbox.draining import drain
from fund_pipeline.signals.inbox.model import Accepted, AcceptedStatus
from fund_pipeline.signals.mongodb.documents import Taken
from fund_pipeline.signals.spool import Spool

log = get_logger(__name__)


def keep(ledger: Ledger, spool: Spool, taken: Taken) -> Accepted:
    """Committed or fsynced when this returns. TemporaryError when neither ledger nor disk takes it."""
    try:
        drain_spool(ledger, spool)  # first what came first
        return _store(ledger, taken)
    except TemporaryError as away:
        spool.append(taken.raw)
        log.warning("the ledger is away; a signal is spooled", signal_id=taken.raw.signal_id, why=away.message)
        return Accepted(taken.raw.signal_id, AcceptedStatus.SPOOLED)


def drain_spool(ledger: Ledger, spool: Spool) -> None:
    """Store what waits. TemporaryError when the ledger is away; a disk that cannot be read is told, and waited for."""
    try:
        drain(ledger, spool)
    except OSError as refused:
        log.error("the spool cannot be read", why=refused.strerror)


def _store(ledger: Ledger, taken: Taken) -> Accepted:
    if taken.other_id is not None and _has(ledger, taken.other_id):
        return Accepted(taken.other_id, AcceptedStatus.RECEIVED, duplicate=True)
    return store_at_any_rate(ledger, taken.raw)


def _has(ledger: Ledger, signal_id: str) -> bool:
    try:
        get_signal(ledger, signal_id)
    except NotFoundError:
        return False
    return True
