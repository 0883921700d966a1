"""Brokers by name. A broker's library is imported only when an account of that broker is connected.

An adapter is a module with a `connect(account, home, clock)` that gives a `Broker`; `ADAPTERS` names it. `ibkr` and
`ccxt` fit the port as the table in port.py shows: IBKR's `orderRef`, `permId` and `execId`, ccxt's `clientOrderId` and
ids of trades.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from importlib import import_module
from pathlib import Path

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.execution.port import Broker
from fund_pipeline.ledger.account_model import Account

ADAPTERS: Mapping[str, str] = {"paper": "fund_pipeline.execution.brokers.paper.connecting"}
"""The module of each broker: the part of an account's broker before a colon."""

Clock = Callable[[], datetime]


def connect(account: Account, home: Path, clock: Clock) -> Broker:
    """The broker of an account. ConfigurationError for one that there is no adapter for; TemporaryError when away."""
    name = account.broker.partition(":")[0]
    if name not in ADAPTERS:
        raise ConfigurationError(
            f"account {account.account_id} is at {account.broker!r}, for which there is no adapter",
            remedy=f"use one of: {', '.join(ADAPTERS)}",
        )
    broker: Broker = import_module(ADAPTERS[name]).connect(account, home, clock)
    return broker


class Connections(Mapping[str, Broker]):
    """The brokers of accounts, by account id, each connected when it is first asked for.

    A connection that fails is tried again the next time. Connect after a fork, not before.
    """

    def __init__(self, accounts: Iterable[Account], home: Path, clock: Clock) -> None:
        """Nothing is connected yet. Accounts of brokers that have no adapter are left out, see `unconnectable`."""
        known = {one.account_id: one for one in accounts}
        self._accounts = {key: one for key, one in known.items() if one.broker.partition(":")[0] in ADAPTERS}
        self.unconnectable = tuple(one for key, one in known.items() if key not in self._accounts)
        self._home, self._clock = home, clock
        self._connected: dict[str, Broker] = {}

    def __getitem__(self, account_id: str) -> Broker:
        if account_id not in self._connected:
            self._connected[account_id] = connect(self._accounts[account_id], self._home, self._clock)
        return self._connected[account_id]

    def close(self) -> None:
        """Give back what was connected; who asks again is connected again."""
        while self._connected:
            self._connected.popitem()[1].close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)
