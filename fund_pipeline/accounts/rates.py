"""Rates between currencies, from the brokers' quotes of the pairs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from fund_pipeline.errors import FundError
from fund_pipeline.execution import Broker
from fund_pipeline.execution.port import Quote
from fund_pipeline.ledger.places import kept
from fund_pipeline.ledger.rates import CurrencyRate
from fund_pipeline.logs import get_logger

OLDEST_RATE = timedelta(hours=1)
"""A quote that is older makes no rate: it moves less than a price, and is quoted less often."""

FRESH = timedelta(seconds=10)
"""A quote this young is taken without asking another broker for a younger one."""

log = get_logger(__name__)

Pair = tuple[str, str]
"""Of which currency one unit is valued, and in which."""


def ask_rates(
    brokers: Mapping[str, Broker], account_ids: Iterable[str], pairs: Collection[Pair], now: datetime
) -> tuple[CurrencyRate, ...]:
    """The newest rate of each pair that the brokers of these accounts quote, either way round, as of `now` (UTC).

    The middle of bid and ask. Pairs that nobody quotes are left out; who does not answer once is not asked again.
    """
    left = [one for one in account_ids if one in brokers]
    newest = (_newest(brokers, left, pair, now) for pair in sorted(pairs))
    return tuple(one for one in newest if one is not None)


def _newest(brokers: Mapping[str, Broker], left: list[str], pair: Pair, now: datetime) -> CurrencyRate | None:
    found: CurrencyRate | None = None
    for account_id in tuple(left):
        for source, target in (pair, pair[::-1]):
            told = _ask(brokers[account_id], account_id, left, source, target, now)
            if told is None:
                continue
            found = told if found is None or told.as_of > found.as_of else found
            break
        if found is not None and now - found.as_of <= FRESH:
            break
    return found


def _ask(
    broker: Broker, account_id: str, left: list[str], source: str, target: str, now: datetime
) -> CurrencyRate | None:
    if account_id not in left:
        return None
    try:
        quote = broker.quote(f"FOREX:{source}{target}")
    except FundError as away:
        log.warning("a broker gave no rate", account=account_id, pair=f"{source}{target}", why=away.message)
        left.remove(account_id)
        return None
    if quote is None or not is_usable(quote, now):
        return None
    return CurrencyRate(source, target, quote.as_of, account_id, kept((quote.bid + quote.ask) / 2), now)


def is_usable(quote: Quote, now: datetime) -> bool:
    """Whether a rate may be made of it: numbers above zero, and not too old."""
    told = (quote.bid, quote.ask)
    return all(one.is_finite() and one > 0 for one in told) and now - quote.as_of <= OLDEST_RATE
