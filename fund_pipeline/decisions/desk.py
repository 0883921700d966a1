"""Everything that one process needs to work the inbox: brokers, instruments, the reader of signals, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.reconciliation.running import Books
from fund_pipeline.clock import utc_now
from fund_pipeline.decisions.facts import Sources
from fund_pipeline.execution.brokers import Connections
from fund_pipeline.execution.brokers.paper import PaperBroker, feed_closes
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.settings import Settings
from fund_pipeline.signals.inbox import Reader
from fund_pipeline.signals.readers import reader_of
from fund_pipeline.signals.spool import Spool


@dataclass(frozen=True)
class TradingDesk:
    """What works the inbox of one ledger. Make it in the process that uses it: its connections survive no fork.

    Close it: connections that are left hold memory, and places at a broker, until the garbage collector comes by.
    """

    ledger: Ledger
    sources: Sources
    brokers: Connections
    reader: Reader
    spool: Spool

    @classmethod
    def of(cls, settings: Settings, ledger: Ledger) -> TradingDesk:
        """As the settings have it, with the prices of paper accounts fed from files where they name a folder.

        InputError for an instrument master or prices that are wrong.
        """
        accounts = list_accounts(ledger)
        brokers = Connections(accounts, settings.root, utc_now)
        reader = reader_of(settings)
        with ExitStack() as undoing:
            undoing.callback(brokers.close)
            _feed(brokers, settings)
            undoing.pop_all()
        sources = Sources(brokers, reader.master, ZoneInfo(settings.time_zone))
        return cls(ledger, sources, brokers, reader, Spool(settings.spool))

    def close(self) -> None:
        """Give the brokers' connections back; the ledger is its opener's."""
        self.brokers.close()

    def books(self, now: Callable[[], datetime]) -> Books:
        """What reconciling the same accounts needs."""
        return Books(self.ledger, self.brokers, self.sources.master, now)


def _feed(brokers: Connections, settings: Settings) -> None:
    if settings.paper_prices is None:
        return
    for broker in brokers.values():
        if isinstance(broker, PaperBroker):
            feed_closes(broker, settings.paper_prices)
