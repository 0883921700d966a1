"""The trading desk, for as long as an asset or a sensor works at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fund_pipeline.decisions.desk import TradingDesk
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.settings import load_settings


class _Kept:
    """The desk of a process that works on one run over signals, whose steps follow each other within seconds."""

    is_wanted = False
    desk: TradingDesk | None = None


_kept = _Kept()


def keep_desk() -> None:
    """Have the desk that is opened next stay open for as long as this process lasts.

    Brokers are connected once then, not for each step: one with thousands of positions takes a while to know them.
    """
    _kept.is_wanted = True


@contextmanager
def opened_desk() -> Iterator[TradingDesk]:
    """The desk of the ledger that the environment names. Its connections are made here, after any fork."""
    settings = load_settings()
    with opened_ledger(settings) as ledger:
        desk = _kept.desk or TradingDesk.of(settings, ledger)
        if _kept.is_wanted:
            _kept.desk = desk
        try:
            yield desk
        finally:
            if desk is not _kept.desk:
                desk.close()
