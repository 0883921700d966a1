"""From the spool into the ledger, in order; storing one twice is harmless, so that a crash in the middle is too."""

from __future__ import annotations

from fund_pipeline.ledger import Ledger
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.inbox.accepting import store_at_any_rate
from fund_pipeline.signals.spool import Spool

log = get_logger(__name__)


def drain(ledger: Ledger, spool: Spool) -> int:
    """Store what waits on the spool, oldest first; how many signals it was, those the ledger had already included.

    0 also when another process is at it: only an empty spool tells that nothing older waits than what is in the ledger.
    TemporaryError when the ledger is away: all is still on the spool.
    """
    drained = 0
    while True:
        with spool.oldest() as waiting:
            if waiting is None:
                break
            for raw in waiting:
                store_at_any_rate(ledger, raw)
                drained += 1
    if drained:
        log.warning("the spool was drained", signals=drained)
    return drained
