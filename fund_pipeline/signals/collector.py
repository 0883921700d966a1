"""The collector's hook: called in another's process with what it will not give again. docs/operations.md has the shim.

The collector ignores what is returned, swallows what is raised, and marks its document as processed in any case.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fund_pipeline.clock import utc_now
from fund_pipeline.errors import FundError, TemporaryError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.signal_model import RawSignal, WayIn
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.inbox.accepting import adopt_document, store_at_any_rate
from fund_pipeline.signals.inbox.draining import drain
from fund_pipeline.signals.inbox.model import Accepted, AcceptedStatus, Arrival
from fund_pipeline.signals.spool import Spool

log = get_logger(__name__)


class SignalProcessor:
    """Puts documents into the inbox; onto the spool where the ledger will not have them.

    `ledger` is None where the settings do not lead to one: then everything waits on the spool.
    """

    def __init__(self, ledger: Ledger | None, spool: Spool) -> None:
        self._ledger = ledger
        self._spool = spool

    def process_new_signal(self, document: Mapping[str, Any]) -> Accepted | None:
        """Keep a document of the collector before anything else is done with it.

        Returns where it is, or None where neither ledger nor disk took it: then the log has it, without passphrase.
        What the document's own code raises goes through to the collector, which swallows it.
        """
        whole = document if isinstance(document, Mapping) else {"document": document}
        return self._keep(adopt_document(whole, Arrival(WayIn.HOOK, utc_now())))

    def _keep(self, raw: RawSignal) -> Accepted | None:
        """Store it; whatever keeps the ledger from taking it, be it the collector's end, it is spooled then.

        So it is while older ones wait there: an exit must not be read before the entry that it closes.
        """
        self._drain()
        if self._waits() and self._is_spooled(raw):
            return Accepted(raw.signal_id, AcceptedStatus.SPOOLED)
        accepted, spooled = None, False
        try:
            accepted = self._store(raw)
        except FundError as refused:
            log.warning("the ledger did not take a signal; it is spooled", why=refused.message)
        finally:
            if accepted is None:
                spooled = self._spool_or_log(raw)
        if accepted is None:
            return Accepted(raw.signal_id, AcceptedStatus.SPOOLED) if spooled else None
        return accepted

    def _waits(self) -> bool:
        try:
            return not self._spool.is_empty
        except OSError:
            return False  # where nothing can be looked up nothing can be put either

    def _is_spooled(self, raw: RawSignal) -> bool:
        """Whether the disk took it. One that is full: the ledger may take it, and out of turn is not lost."""
        try:
            self._spool.append(raw)
        except TemporaryError:
            return False
        return True

    def _spool_or_log(self, raw: RawSignal) -> bool:
        try:
            self._spool.append(raw)
        except TemporaryError:
            log.exception("a signal was NOT stored; add it by hand", payload=raw.payload)
            return False
        return True

    def _store(self, raw: RawSignal) -> Accepted:
        if self._ledger is None:
            raise TemporaryError("there is no ledger", remedy="correct the settings and start the collector again")
        return store_at_any_rate(self._ledger, raw)

    def _drain(self) -> None:
        if self._ledger is None or not self._waits():
            return
        try:
            drain(self._ledger, self._spool)
        except (FundError, OSError) as refused:
            log.warning("the spool waits for the ledger", why=type(refused).__name__)


@cache
def get_signal_processor() -> SignalProcessor:
    """The processor of this process, over the ledger and the spool of the settings.

    Wrong settings do not raise, because the collector would lose what it was about to pass on: the log says what is
    wrong, and signals wait on the spool in the home.
    """
    from fund_pipeline.settings import PROJECT, load_settings

    try:
        settings = load_settings()
        return SignalProcessor(open_ledger(settings.ledger_url), Spool(settings.spool))
    except FundError as wrong:
        log.error("signals are spooled: the settings are wrong", why=wrong.message)
        return SignalProcessor(None, Spool(PROJECT / Path(os.environ.get("FUND_HOME", ".fund")) / "spool"))
