"""What the brokers say at one moment: state, positions, prices. Silence is not zero."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

from fund_pipeline.accounts.asking import Heard, ask_worth
from fund_pipeline.accounts.rates import ask_rates
from fund_pipeline.cerebro.sizing import Quote
from fund_pipeline.errors import FundError
from fund_pipeline.execution import Broker
from fund_pipeline.logs import get_logger

log = get_logger(__name__)

FRESH_SECONDS = 10.0
"""A quote this young is taken without asking another broker for a younger one."""


@dataclass(frozen=True)
class Told:
    """What one broker said of an account.

    Attributes
    ----------
    positions : signed quantities by instrument key, over all strategies; what is not there is flat.
    heard : all that it said, its state among it.
    """

    positions: Mapping[str, Decimal]
    heard: Heard


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
            heard = ask_worth(brokers[account_id])
            found[account_id] = Told(heard.quantities, heard)
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
    rates = ask_rates(brokers, asked.left, pairs, now)
    return Market(quotes, {(one.source, one.target): one.rate for one in rates})


class _Asked:
    def __init__(self, brokers: Mapping[str, Broker], account_ids: list[str], now: datetime) -> None:
        self._brokers, self.left, self._now = brokers, account_ids, now
        self._found: dict[str, Quote | None] = {}

    def quote(self, key: str) -> Quote | None:
        if key not in self._found:
            self._found[key] = self._newest(key)
        return self._found[key]

    def _newest(self, key: str) -> Quote | None:
        newest: Quote | None = None
        for account_id in tuple(self.left):
            try:
                said = self._brokers[account_id].quote(key)
            except FundError as away:
                log.warning("a broker gave no quote", account=account_id, instrument=key, why=away.message)
                self.left.remove(account_id)
                continue
            if said is None:
                continue
            age = (self._now - said.as_of).total_seconds()
            if newest is None or age < newest.age_seconds:
                newest = Quote(bid=said.bid, ask=said.ask, last=said.last, age_seconds=age)
            if newest.age_seconds <= FRESH_SECONDS:
                break
        return newest
