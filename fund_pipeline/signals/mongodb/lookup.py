"""The whole document of which the collector's hook passed on a part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fund_pipeline.clock import utc_now
from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger.signal_model import RawSignal
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.mongodb.documents import hooked_digest, sent_part
from fund_pipeline.signals.mongodb.failures import SourceAwayError
from fund_pipeline.signals.mongodb.source import Source

log = get_logger(__name__)

REST = timedelta(seconds=10)
"""How long a database that did not answer is not asked again: signals are read within a transaction."""


class Lookup:
    """Finds documents by strategy and sender's id, and among those the one of which the hook passed on just this."""

    def __init__(self, source: Source, now: Callable[[], datetime] = utc_now) -> None:
        self._source = source
        self._now = now
        self._away_until: datetime | None = None

    def __call__(self, raw: RawSignal) -> Mapping[str, Any] | None:
        """What the sender sent; None where no document is the one.

        TemporaryError when the database is away: what is missing must not be taken for what was never sent.
        """
        if not raw.strategy:
            return None
        if self._away_until is not None and self._now() < self._away_until:
            raise _away(raw)
        try:
            documents = self._source.named(raw.strategy, raw.sender_signal_id)
        except SourceAwayError as away:
            self._away_until = self._now() + REST
            log.error("whole documents cannot be looked up", why=away.message)
            raise _away(raw) from None
        self._away_until = None
        return next((sent_part(one) for one in documents if hooked_digest(one) == raw.hook_digest), None)


def _away(raw: RawSignal) -> TemporaryError:
    return TemporaryError(
        f"MongoDB does not answer, which has the whole of signal {raw.signal_id}",
        remedy=f"when it is back, run `fund signals replay {raw.signal_id}`",
    )
