"""The trading desk, for as long as an asset or a sensor works at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fund_pipeline.decisions.desk import TradingDesk
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.settings import load_settings


@contextmanager
def opened_desk() -> Iterator[TradingDesk]:
    """The desk of the ledger that the environment names. Its connections are made here, after any fork."""
    settings = load_settings()
    with opened_ledger(settings) as ledger:
        yield TradingDesk.of(settings, ledger)
