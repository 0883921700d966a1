"""What taking in and telling about signals needs, for as long as the application runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Annotated

import anyio
from fastapi import Depends
from starlette.requests import HTTPConnection

from fund_pipeline.api.signals.rates import Rates
from fund_pipeline.api.signals.worker import Worker
from fund_pipeline.instruments import load_master
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.away import away_ledger
from fund_pipeline.ledger.patience import Patience
from fund_pipeline.settings import Settings
from fund_pipeline.signals.mongodb import fuller_of
from fund_pipeline.signals.senders import Gate, Vault
from fund_pipeline.signals.spool import Spool
from fund_pipeline.terms import Environment

PATIENCE_SECONDS = 2.0
CUT_OFF_SECONDS = 2.4
"""Senders give up after three seconds: from here on a signal goes to the spool, whatever the ledger is at."""
AT_ONCE = 8
"""Signals being stored at once."""
SPOOLING_AT_ONCE = 4
LOOKS_AT_ONCE = 2
"""Questions of health and readiness at once, which wait for no other request."""
WORKERS = 1


class Desk:
    """Two handles on the ledger, one of short patience and one that is always away; the spool; who may send.

    Parameters
    ----------
    askers : threads beside those of this desk that may use its ledger.
    """

    def __init__(self, settings: Settings, audit_keys: Callable[[], AuditKeys], askers: int) -> None:
        self._settings = settings
        patience = Patience(PATIENCE_SECONDS, AT_ONCE + WORKERS + LOOKS_AT_ONCE + askers)
        self.ledger = open_ledger(settings.ledger_url, audit_keys, patience)
        self.away = away_ledger()
        self.spool = Spool(settings.spool)
        self.deployed = Environment(settings.environment)
        self.rates = Rates(settings.signal_rate)
        self.master = partial(load_master, settings.instruments)
        self.worker = Worker(self.ledger, self.spool, self.master, self.deployed, fuller=fuller_of(settings))
        self.storing = anyio.CapacityLimiter(AT_ONCE)
        self.spooling = anyio.CapacityLimiter(SPOOLING_AT_ONCE)
        self.looking = anyio.CapacityLimiter(LOOKS_AT_ONCE)
        self._gate: Gate | None = None
        self._lock = Lock()

    def gate(self, ledger: Ledger) -> Gate:
        """Who asks senders for their passphrase. It needs the ledger once: TemporaryError while that is away."""
        if self._gate is None:
            made = Gate(Vault.of(self._settings, ledger))
            with self._lock:
                self._gate = self._gate or made
        return self._gate

    def close(self) -> None:
        """Stop the worker, then give the connections back."""
        self.worker.stop()
        self.ledger.close()
        self.away.close()


def desk_of(connection: HTTPConnection) -> Desk:
    """The application's desk."""
    found: Desk = connection.app.state.signals
    return found


AtDesk = Annotated[Desk, Depends(desk_of)]
