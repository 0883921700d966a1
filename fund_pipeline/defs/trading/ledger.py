"""The ledger, opened for as long as an asset or a sensor looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.settings import load_settings


@contextmanager
def opened_ledger() -> Iterator[Ledger]:
    """The ledger that the environment names."""
    ledger = open_ledger(load_settings().ledger_url)
    try:
        yield ledger
    finally:
        ledger.close()
