"""What the brokers ask for instruments, each believed only by those who trade there.

A strategy is priced by the accounts it may trade on, of its own mode: a paper account's quotes never price real money,
nor a real one's a paper trade, nor a venue's what is bought at another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from fund_pipeline.accounts.rates import Pair, ask_rates
from fund_pipeline.cerebro.sizing import Market, Quote
from fund_pipeline.errors import FundError
from fund_pipeline.execution import Broker, port
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.logs import get_logger

FRESH_SECONDS = 10.0
"""A quote this young is taken without asking another broker for a younger one."""

log = get_logger(__name__)


class Asked:
    """The brokers' quotes. Each is asked once for each instrument; who does not answer once is not asked again."""

    def __init__(self, brokers: Mapping[str, Broker], now: Callable[[], datetime]) -> None:
        self._brokers, self._now = brokers, now
        self._said: dict[tuple[str, str], port.Quote | None] = {}
        self._away: set[str] = set()

    def quotes(self, keys: Iterable[str], account_ids: Collection[str]) -> dict[str, port.Quote]:
        """The newest of each that these accounts' brokers have; the first fresh one is enough."""
        return {key: quote for key in sorted(keys) if (quote := self._newest(key, account_ids)) is not None}

    def _newest(self, key: str, account_ids: Iterable[str]) -> port.Quote | None:
        newest: port.Quote | None = None
        for account_id in account_ids:
            said = self._ask(account_id, key)
            if said is not None and (newest is None or said.as_of > newest.as_of):
                newest = said
            if newest is not None and _age(newest, self._now()) <= FRESH_SECONDS:
                break
        return newest

    def _ask(self, account_id: str, key: str) -> port.Quote | None:
        if account_id in self._away or account_id not in self._brokers:
            return None
        if (account_id, key) not in self._said:
            try:
                self._said[account_id, key] = self._brokers[account_id].quote(key)
            except FundError as away:
                log.warning("a broker gave no quote", account=account_id, instrument=key, why=away.message)
                self._away.add(account_id)
                return None
        return self._said[account_id, key]


def rates_of_mode(
    brokers: Mapping[str, Broker], accounts: Iterable[Account], pairs: Collection[Pair], clock: Callable[[], datetime]
) -> dict[TradingMode, Market]:
    """The rates between currencies by mode, each as the brokers of its own accounts quote them, and no prices."""
    found = {}
    asked = tuple(accounts)
    for mode in TradingMode:
        rates = ask_rates(brokers, [one.account_id for one in asked if one.mode is mode], pairs, clock())
        found[mode] = Market(fx={(one.source, one.target): one.rate for one in rates})
    return found


def as_of(now: datetime, said: Mapping[str, port.Quote]) -> dict[str, Quote]:
    """Quotes as sizing reads them, once all brokers have answered: the last answer may have taken long."""
    return {
        key: Quote(bid=one.bid, ask=one.ask, last=one.last, age_seconds=_age(one, now)) for key, one in said.items()
    }


def _age(quote: port.Quote, now: datetime) -> float:
    return (now - quote.as_of).total_seconds()
