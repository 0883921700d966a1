"""A small world: a ledger, its paper broker, a clock that moves when told, and what must be true after every step."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event, insert

from fund_pipeline.cerebro.sizing.model import Action, Decision, PlannedOrder
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.errors import TemporaryError
from fund_pipeline.execution import Followed, Patience, follow, record, submit_intents
from fund_pipeline.execution.brokers.paper import Commission, Fault, FaultKind, PaperBroker, PaperTerms, book
from fund_pipeline.execution.port import Quote
from fund_pipeline.execution.positions import rebuild
from fund_pipeline.ledger import Ledger, open_ledger, tables
from fund_pipeline.ledger.account_model import Account, Alert
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.alerts import list_alerts
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import OrderRow, OrderState, Position
from fund_pipeline.ledger.orders import get_order, list_orders
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.ledger.signal_model import WayIn
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.lots import total
from fund_pipeline.terms import AssetClass, DecisionOutcome, OrderRole, OrderType, Side, SignalType
from fund_pipeline_tests.samples import ACT, FUND, strategy

NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
ACCOUNT = Account("a1", "demo", "Paper", "paper", "DU1", tuple(sorted(AssetClass)), TradingMode.PAPER, "USD")
KO = "STOCK:KO"
FREE = {kind: Commission() for kind in AssetClass}
NONE = Decimal(0)
T = TypeVar("T")


def found_fund(ledger: Ledger) -> None:
    """A fund with strategies S and T on account a1."""
    put_fund(ledger, FUND, ACT)
    insert_account(ledger, ACCOUNT, ACT)
    for name in ("S", "T"):
        put_strategy(ledger, strategy(name, accounts=("a1",)), ACT)


def add_signal(ledger: Ledger, signal_id: str) -> None:
    """A received signal, as far as decisions and orders refer to it."""
    row = {
        "signal_id": signal_id,
        "sender_id": "tess",
        "strategy": "S",
        "sender_signal_id": signal_id,
        "digest": signal_id,
        "hook_digest": signal_id,
        "payload": "{}",
        "headers": {},
        "way_in": WayIn.WEBHOOK.value,
        "received_at": NOON,
        "request_id": signal_id,
        "repeats": False,
    }
    with ledger.writing() as connection:
        connection.execute(insert(tables.raw_signals).values(row))


def planned(role: OrderRole, quantity: str | int, **fields: object) -> PlannedOrder:
    """A planned order for KO: an entry buys, what closes sells."""
    values: dict[str, object] = {
        "leg": 0,
        "account_id": "a1",
        "role": role,
        "instrument_key": KO,
        "asset_class": AssetClass.STOCK,
        "side": Side.BUY if role is OrderRole.ENTRY else Side.SELL,
        "quantity": Decimal(quantity),
        "order_type": OrderType.MARKET,
        "limit_price": None,
        "stop_price": None,
        "multiplier": Decimal(1),
        "currency": "USD",
        "reference_price": Decimal(50),
        "reserved_margin": NONE,
    }
    return PlannedOrder(**values | fields)  # type: ignore[arg-type]


def decision(signal_id: str, *orders: PlannedOrder, actions: tuple[Action, ...] = (), **fields: object) -> Decision:
    """A decision of strategy S."""
    closes = bool(orders) and all(one.role is OrderRole.EXIT for one in orders)
    values: dict[str, object] = {
        "signal_id": signal_id,
        "fund_id": "demo",
        "strategy": "S",
        "kind": SignalType.EXIT if closes else SignalType.ENTRY,
        "outcome": DecisionOutcome.APPROVED,
        "reason": DecisionReason.SIZED,
        "figures": {"C": "1000"},
        "orders": orders,
        "actions": actions,
    }
    return Decision(**values | fields)  # type: ignore[arg-type]


def _without_fsync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


class World:
    """Everything there is; `crash` forgets what a process would forget."""

    def __init__(self, url: str, home: Path, terms: PaperTerms | None = None) -> None:
        self.url = url
        self.home = home
        self.time = NOON
        self.terms = terms or PaperTerms(spread_bps=NONE, commissions=FREE)
        self.patience = Patience(entry_valid=None)
        self.ids = (f"signal-{number}" for number in itertools.count(1))
        self._start()
        self.quote(50)

    def _start(self) -> None:
        self.ledger = open_ledger(self.url)
        if self.ledger.is_sqlite:
            event.listen(self.ledger.engine, "connect", _without_fsync)  # a killed process loses nothing by that
        self.broker = PaperBroker(self.home / "paper" / "DU1.sqlite", self.now, self.terms)
        self.broker._store.connection.execute("PRAGMA synchronous=OFF")
        self.brokers = {"a1": self.broker}

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def crash(self) -> None:
        self.close()
        self._start()

    def close(self) -> None:
        self.ledger.close()
        self.broker.close()

    def quote(self, price: str | int, key: str = KO, **sizes: Decimal) -> None:
        value = Decimal(price)
        self.broker.set_quote(key, Quote(value, value, value, self.time, **sizes))

    def fault(self, call: str, kind: FaultKind, **detail: object) -> None:
        self.broker.inject(Fault(call, kind, **detail))  # type: ignore[arg-type]

    def fall_silent(self, call: str, after: int) -> None:
        """Have the broker leave such a call unanswered, once, after so many that it answers."""
        answer, calls = self.broker._call, itertools.count()

        def silent(name: str) -> AbstractContextManager[Any]:
            if name == call and next(calls) == after:
                raise TemporaryError("gone", remedy="try again")
            return answer(name)

        self.broker._call = silent  # type: ignore[method-assign]

    def decide(self, *orders: PlannedOrder, actions: tuple[Action, ...] = (), **fields: object) -> list[str]:
        """Record a decision about a new signal; the ids of its orders."""
        signal_id = next(self.ids)
        add_signal(self.ledger, signal_id)
        made = decision(signal_id, *orders, actions=actions, **fields)
        return [one.client_order_id for one in record(self.ledger, made, "batch", self.time).orders]

    def send(self) -> None:
        submit_intents(self.ledger, self.brokers, self.now, patience=self.patience)

    def follow(self, *, glance: bool = False) -> Followed:
        return follow(self.ledger, self.brokers, self.now, glance=glance, patience=self.patience)

    def run(self, *orders: PlannedOrder, **more: object) -> list[str]:
        """Decide, send and follow."""
        ids = self.decide(*orders, **more)  # type: ignore[arg-type]
        self.send()
        self.follow()
        return ids

    def settle(self, passes: int = 8, seconds: float = 60) -> None:
        """Follow until nothing is open but what waits for a price."""
        for _ in range(passes):
            self.follow()
            self.wait(seconds)

    def order(self, client_order_id: str) -> OrderRow:
        return get_order(self.ledger, client_order_id)[0]

    def state(self, client_order_id: str) -> OrderState:
        return self.order(client_order_id).state

    def path(self, client_order_id: str) -> list[str]:
        """The states it went through."""
        steps = get_order(self.ledger, client_order_id)[1]
        return [one.after.value for one in steps if one.after is not one.before]

    def orders(self, role: OrderRole | None = None) -> list[OrderRow]:
        found = list_orders(self.ledger, newest=10_000)
        return sorted((one for one in found if role in (None, one.role)), key=lambda one: (one.created_at, one.attempt))

    def position(self, strategy: str = "S", key: str = KO) -> Position | None:
        found = list_positions(self.ledger, strategy=strategy, instrument_key=key, only_open=False)
        return found[0] if found else None

    def held(self, strategy: str = "S", key: str = KO) -> Decimal:
        position = self.position(strategy, key)
        return NONE if position is None else position.quantity

    def look(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Look into the broker's own books, past every fault that was ordered."""
        with self.broker._store.transaction() as db:
            return read(db)

    def at_broker(self, key: str = KO) -> Decimal:
        held = self.look(book.holdings)
        return held[key].quantity if key in held else NONE

    def orders_there(self, *states: str) -> list[book.PaperOrder]:
        """The broker's orders in these states, by its own books."""
        return [one for one in self.look(lambda db: book.find_orders(db, book.Which.ALL)) if one.state in states]

    def alerts(self) -> Mapping[str, Alert]:
        return {one.trouble.kind: one for one in list_alerts(self.ledger, only_open=True)}

    def check(self) -> None:
        """What is true after every step, whatever happened."""
        orders = self.orders()
        live = Counter((*one.legged, one.role) for one in orders if one.state.is_live)
        assert not live or max(live.values()) == 1, "two live orders of one signal, leg, account and role"
        executions = list_executions(self.ledger)
        ids = [one.broker_execution_id for one in executions]
        assert len(set(ids)) == len(ids), "an execution was booked twice"
        told = {one.execution_id for one in self.look(book.all_executions)}
        assert set(ids) <= told
        kept = {
            (one.strategy, one.account_id, one.instrument_key): one
            for one in list_positions(self.ledger, only_open=False)
        }
        known = {one.client_order_id: one for one in orders}
        assert kept == rebuild(executions, known), "positions are not what executions sum to"
        assert all(total(one.lots) == abs(one.quantity) for one in kept.values()), "lots do not sum to their position"
        for one in orders:
            filled = sum((fill.quantity for fill in executions if fill.client_order_id == one.client_order_id), NONE)
            assert filled == one.filled_quantity

    def check_settled(self) -> None:
        """What is true once all is quiet: books agree, nothing is in doubt without a person knowing."""
        self.check()
        assert sum((one.quantity for one in list_positions(self.ledger)), NONE) == sum(
            (one.quantity for one in self.look(book.holdings).values()), NONE
        ), "books and broker differ"
        unknown = [one for one in self.orders() if one.state in (OrderState.UNKNOWN, OrderState.SUBMITTED)]
        assert not unknown or "ORDER_UNKNOWN" in self.alerts()
