"""Which rate between currencies the books value by at a moment: the last told by then, if it is not too old."""

from __future__ import annotations

from datetime import datetime, timedelta

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.rates import CurrencyRate, rate_at

OLDEST_RATE = timedelta(days=4)
"""Over a long weekend the last rate is still the last rate; after this there is none."""


def known_rate(
    ledger: Ledger, source: str, target: str, moment: datetime, oldest: timedelta = OLDEST_RATE
) -> CurrencyRate | None:
    """The value in `target` of one unit of `source` at a moment (UTC); None where the last is older than `oldest`."""
    told = rate_at(ledger, source, target, moment)
    return None if told is None or moment - told.as_of > oldest else told


def why_unknown(source: str, target: str, oldest: timedelta = OLDEST_RATE) -> str:
    """In words, where there is none."""
    return f"no rate of {source} in {target} is younger than {oldest.total_seconds() / 86_400:g} days"
