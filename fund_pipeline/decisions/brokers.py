"""What the brokers say at one moment: state, positions, prices. Silence is not zero."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from fund_pipeline.cerebro.sizing import Quote
from fund_pipeline.decisions.places import kept
from fund_pipeline.errors import FundError
from fund_pipeline.execution import Broker
from fund_pipeline.execution.port import AccountState
from fund_pipeline.logs import get_logger

OLDEST_RATE_SECONDS = 3600.0
"""A rate between currencies that is older sizes nothing: it moves less than a price, and is quoted less often."""

log = get_logger(__name__)

FRESH_SECONDS = 10.0
"""A quote this young is taken without asking another broker for a younger one."""


@dataclass(frozen=True)
class Told:
    """What one broker said of an account.

    Attributes
    ----------
    state : equity, cash and margin.
    positions : signed quantities by instrument key, over all strategies; what is not there is flat.
    """

    state: AccountState
    positions: Mapping[str, Decimal]


@dataclass(frozen=True)
class Market:
    """Quotes by instrument key, and rates by pair of currencies: the value in the second of one unit of the first."""

    quotes: Mapping[str, Quote] = field(default_factory=dict)
    rates: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


def ask_accounts(brokers: Mapping[str, Broker], account_ids: Iterable[str]) -> dict[str, Told]:
    """What each broker says of its account; those that do not answer, or are not connected, are left out."""
    found = {}
    for account_id in account_ids:
        if account_id not in brokers:
            continue
        try:
            broker = brokers[account_id]
            positions = {one.instrument_key: kept(one.quantity) for one in broker.positions()}
            said = broker.account_state()
            state = replace(said, equity=kept(said.equity), cash=kept(said.cash), margin_used=kept(said.margin_used))
            found[account_id] = Told(state, positions)
        except FundError as away:  # whatever ails one of them must not hold up the exits of the others
            log.warning("a broker did not answer", account=account_id, why=away.message)
        except InvalidOperation:
            log.warning("a broker's numbers are none", account=account_id)
    return found


def ask_market(
    brokers: Mapping[str, Broker],
    account_ids: Iterable[str],
    instruments: Collection[str],
    pairs: Collection[tuple[str, str]],
    now: datetime,
) -> Market:
    """Quotes of instruments and rates of currencies, the newest that the brokers of these accounts have.

    The first that has a fresh one is enough; who does not answer once is not asked again.
    """
    asked = _Asked(brokers, [one for one in account_ids if one in brokers], now)
    quotes = {key: quote for key in sorted(instruments) if (quote := asked.quote(key)) is not None}
    rates = {}
    for source, target in sorted(pairs):
        for first, second in ((source, target), (target, source)):
            quote = asked.quote(f"FOREX:{first}{second}")
            if quote is not None and quote.bid is not None and quote.ask is not None and _is_usable(quote):
                rates[(first, second)] = (quote.bid + quote.ask) / 2
                break
    return Market(quotes, rates)


def _is_usable(quote: Quote) -> bool:
    """Whether a rate may be made of it: numbers, and not older than any quote that entries are sized by."""
    told = (quote.bid, quote.ask)
    return all(one is not None and one.is_finite() for one in told) and quote.age_seconds <= OLDEST_RATE_SECONDS


class _Asked:
    def __init__(self, brokers: Mapping[str, Broker], account_ids: list[str], now: datetime) -> None:
        self._brokers, self._left, self._now = brokers, account_ids, now
        self._found: dict[str, Quote | None] = {}

    def quote(self, key: str) -> Quote | None:
        if key not in self._found:
            self._found[key] = self._newest(key)
        return self._found[key]

    def _newest(self, key: str) -> Quote | None:
        newest: Quote | None = None
        for account_id in tuple(self._left):
            try:
                said = self._brokers[account_id].quote(key)
            except FundError as away:
                log.warning("a broker gave no quote", account=account_id, instrument=key, why=away.message)
                self._left.remove(account_id)
                continue
            if said is None:
                continue
            age = (self._now - said.as_of).total_seconds()
            if newest is None or age < newest.age_seconds:
                newest = Quote(bid=said.bid, ask=said.ask, last=said.last, age_seconds=age)
            if newest.age_seconds <= FRESH_SECONDS:
                break
        return newest
