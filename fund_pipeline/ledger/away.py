"""A ledger that is away: for who has waited for the real one long enough."""

from __future__ import annotations

import math

from sqlalchemy import create_engine

from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.patience import Breaker


def away_ledger() -> Ledger:
    """A handle whose every use is a TemporaryError at once, without a database.

    It is none of SQLite: there, writers wait for each other before they ask.
    """
    breaker = Breaker(math.inf)
    breaker.trip()
    return Ledger(create_engine("postgresql+psycopg2://"), breaker=breaker)
