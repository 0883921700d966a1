"""That this process has just started is a fact of the ledger: what was proved before counts no more."""

from __future__ import annotations

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_books import note_start

_noted: set[str] = set()


def note_this_start(ledger: Ledger) -> None:
    """Once per process and ledger, before it starts any work: no account is reconciled until a pass says so."""
    url = str(ledger.engine.url)
    if url not in _noted:
        note_start(ledger, utc_now())
        _noted.add(url)
