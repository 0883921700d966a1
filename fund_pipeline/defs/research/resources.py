"""What research assets work with, opened from the environment when a run starts: no secret is in run config."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import ClassVar

from dagster import ConfigurableResource, InitResourceContext
from pydantic import PrivateAttr

from fund_pipeline.backtests import BacktestStore, Quarantine
from fund_pipeline.defs.research.acts import correlation_of
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.locks import MARTS, RESEARCH, exclusive
from fund_pipeline.logs import configure_logging, correlated
from fund_pipeline.settings import Settings, load_settings
from fund_pipeline.warehouse import Warehouse
from fund_pipeline.warehouse.marts import Site


class FundResource(ConfigurableResource["FundResource"]):
    """The ledger, the warehouse and the files of the fund, as the FUND_* environment names them.

    A run holds a lock from its first step to its last, so that no two research runs ever overlap, however they were
    started: a second one waits. A crash lets go of the lock.
    """

    _turn: ClassVar[str | None] = RESEARCH
    _settings: Settings = PrivateAttr()
    _ledger: Ledger = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator[FundResource]:
        """Open the ledger and hold the lock for as long as the run lasts."""
        self._settings = load_settings()
        configure_logging(self._settings.log_format, self._settings.log_level)
        self._ledger = open_ledger(self._settings.ledger_url)
        run = context.run
        try:
            turn = exclusive(self._ledger, self._turn) if self._turn is not None else nullcontext()
            with correlated(correlation_of(run) if run else None), turn:
                yield self
        finally:
            self._ledger.close()

    @property
    def settings(self) -> Settings:
        """The settings of this run."""
        return self._settings

    @property
    def ledger(self) -> Ledger:
        """The system of record."""
        return self._ledger

    @property
    def warehouse(self) -> Warehouse:
        """The snapshots between assets."""
        return Warehouse(self._settings.warehouse)

    @property
    def backtests(self) -> BacktestStore:
        """The admitted backtests."""
        return BacktestStore(self._settings.warehouse)

    @property
    def quarantine(self) -> Quarantine:
        """The refused files."""
        return Quarantine(self._settings.quarantine)


class DeskResource(FundResource):
    """The same for a person's decision, which waits for no research run.

    Their code would be too old by then, and the ledger decides in one transaction.
    """

    _turn: ClassVar[str | None] = None


class MartsResource(FundResource):
    """The same for a build of the marts: it takes turns with other builds, and waits for no backtest."""

    _turn: ClassVar[str | None] = MARTS

    @property
    def site(self) -> Site:
        """Where the marts are built."""
        return Site(self._settings.marts)
