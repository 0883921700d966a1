"""A trading floor for tests: signals go in as senders write them, orders come out at a paper broker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.reconciliation.running import Books, make_ready
from fund_pipeline.decisions import Settled, Sources, decide_follow_ups, decide_waiting
from fund_pipeline.decisions.days import open_days
from fund_pipeline.execution import follow, submit_intents
from fund_pipeline.execution.brokers import Connections
from fund_pipeline.execution.brokers.paper import PaperBroker
from fund_pipeline.execution.port import Quote
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.accounts import insert_account, list_accounts
from fund_pipeline.ledger.alerts import list_alerts
from fund_pipeline.ledger.allocations import record_recommendation
from fund_pipeline.ledger.approvals import put_in_force
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.order_model import OrderRow, Position
from fund_pipeline.ledger.orders import list_orders, live_orders
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.ledger.senders import insert_sender
from fund_pipeline.ledger.signal_model import Passphrase, SenderRow, SenderStatus
from fund_pipeline.ledger.strategies import list_strategies, put_strategy
from fund_pipeline.signals import Environment, QuantityMeans, SenderOptions
from fund_pipeline.signals.inbox import Arrival, WayIn, accept, explain, process_pending
from fund_pipeline.signals.senders import Sender
from fund_pipeline.terms import AssetClass, SizingMode
from fund_pipeline_tests.samples import FUND, account, allocation, approval_of, run, strategy
from fund_pipeline_tests.signals.inboxes import READER

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ACT = Act("test", START - timedelta(days=1), "corr-1")
STRATEGY, SENDER = "S1", "tess"
WEIGHED, WEIGHER = "T1", "wanda"
TRADE = {"alpha_policy": "trade"}
EQUITY = Decimal(1_000_000)
WEIGHT = Decimal("0.4")
HERE = Environment.STAGING


def found(ledger: Ledger) -> None:
    """One fund with a million, one paper account for everything, a strategy of units and one of weights, 0.4 each."""
    put_fund(ledger, FUND, ACT)
    insert_account(ledger, account(asset_classes=tuple(sorted(AssetClass))), ACT)
    for name, sizing in ((STRATEGY, SizingMode.SCALE), (WEIGHED, SizingMode.TARGET_WEIGHT)):
        trades = strategy(name, accounts=("demo-paper",), risk_limits=TRADE, max_gross=Decimal(5), sizing=sizing)
        put_strategy(ledger, trades, ACT)
    of = run("digest-1")
    one = allocation(of, **{STRATEGY: str(WEIGHT), WEIGHED: str(WEIGHT)})
    record_recommendation(ledger, of, one, ACT)
    put_in_force(ledger, one, approval_of(one), ACT)
    admit(ledger, SENDER, STRATEGY)
    admit(ledger, WEIGHER, WEIGHED, quantity_means=QuantityMeans.TARGET_WEIGHT)


def admit(ledger: Ledger, sender: str, strategy_id: str, **options: Any) -> None:
    """A sender of one strategy's signals."""
    given = SenderOptions(strategies=frozenset({strategy_id}), **options)
    row = SenderRow(sender, sender, SenderStatus.ACTIVE, HERE.value, (), None, given.as_values(), START)
    insert_sender(ledger, row, Passphrase(sender.ljust(64, "d"), sender, "no hash"), ACT)


class Floor:
    """A ledger, a paper broker, and a clock that a test moves."""

    lease = timedelta(minutes=2)

    def __init__(self, url: str, home: Path) -> None:
        self.ledger = open_ledger(url)
        self.home = home
        self.now = START
        self.batches = 0
        self.connect()

    def connect(self) -> None:
        """Connect to the brokers, as a new process does."""
        self.brokers = Connections(list_accounts(self.ledger), self.home, self.clock)
        self.sources = Sources(self.brokers, READER.master, ZoneInfo("America/New_York"))
        make_ready(Books(self.ledger, self.brokers, READER.master, self.clock))

    def clock(self) -> datetime:
        """The time now."""
        return self.now

    @property
    def paper(self) -> PaperBroker:
        """The paper broker of the one account."""
        broker = self.brokers["demo-paper"]
        assert isinstance(broker, PaperBroker)
        return broker

    def price(self, **prices: str) -> None:
        """Quote stocks, by symbol."""
        for symbol, price in prices.items():
            self.quote(f"STOCK:{symbol}", price)

    def quote(self, key: str, price: str) -> None:
        """Quote an instrument round a price, as of now."""
        self.paper.set_price(key, Decimal(price))

    def market(self, key: str, bid: str, ask: str | None = None) -> None:
        """Quote an instrument exactly, as of now; bid and ask alike where only one is given."""
        prices = Decimal(bid), Decimal(ask or bid)
        self.paper.set_quote(key, Quote(*prices, prices[0], self.now))

    def send(self, payload: Mapping[str, Any], sender: str | None = None) -> str:
        """Accept a signal as the sender writes it, a millisecond after the last; the id it is answered."""
        sender = sender or (WEIGHER if payload["strategy_name"] == WEIGHED else SENDER)
        self.now += timedelta(milliseconds=1)
        row = next(one for one in _senders(self.ledger) if one.sender_id == sender)
        arrival = Arrival(WayIn.WEBHOOK, self.now)
        return accept(self.ledger, row, json.dumps(payload).encode(), arrival, HERE).signal_id

    def decide(self) -> tuple[Settled, ...]:
        """Read and decide what waits."""
        process_pending(self.ledger, READER, self.now)
        self.batches += 1
        owner = f"batch-{self.batches}"
        later = decide_follow_ups(self.ledger, self.sources, owner, self.clock)
        return (*decide_waiting(self.ledger, self.sources, owner, self.clock), *later)

    def work(self) -> tuple[Settled, ...]:
        """Decide what waits, send what was decided, and book what came of it."""
        settled = self.decide()
        submit_intents(self.ledger, self.brokers, self.clock)
        self.follow()
        return settled

    def work_off(self) -> None:
        """Work until nothing is left to do: stops are cancelled after exits."""
        self.work()
        self.follow()

    def assert_flat(self) -> None:
        """Nothing is held, by us or the broker, and nothing works on."""
        ours, theirs = self.positions(), self.at_broker()
        assert (ours, theirs) == ({}, {}), f"our books hold {ours}, the broker {theirs}"
        live, working = live_orders(self.ledger), self.paper.open_orders()
        assert (live, working) == ((), ()), f"these work on: {live}, at the broker {working}"

    def change_strategy(self, **fields: Any) -> None:
        """Change the strategy in the registry."""
        (now,) = [one for one in list_strategies(self.ledger) if one.strategy_id == STRATEGY]
        put_strategy(self.ledger, replace(now, **fields), ACT)

    def change_fund(self, **risk_limits: Any) -> None:
        """Give the fund limits of its own."""
        put_fund(self.ledger, replace(FUND, risk_limits=risk_limits), ACT)

    def allocate(self, **weights: str) -> None:
        """Put other weights in force."""
        of = run("digest-2")
        one = allocation(of, **weights)
        record_recommendation(self.ledger, of, one, ACT)
        put_in_force(self.ledger, one, approval_of(one, replaces="demo-digest-1"), ACT)

    def alerts(self) -> set[str]:
        """The kinds of what people were told."""
        return {one.trouble.kind for one in list_alerts(self.ledger)}

    def follow(self) -> None:
        """Bring orders to their end."""
        follow(self.ledger, self.brokers, self.clock)

    def pass_time(self, **given: float) -> None:
        """Let time pass; quotes grow old with it."""
        self.now += timedelta(**given)

    def pass_the_night(self) -> None:
        """Go to the same time of the next day; at midnight the brokers are asked what the accounts are worth."""
        here = self.now.astimezone(self.sources.zone)
        tomorrow = (here + timedelta(days=1)).replace(hour=0, minute=0, second=5)
        self.now = tomorrow.astimezone(UTC)
        open_days(self.ledger, self.sources, self.clock)
        self.now = (here + timedelta(days=1)).astimezone(UTC)

    def positions(self) -> dict[str, Decimal]:
        """What our books hold, by instrument."""
        return {one.instrument_key: one.quantity for one in list_positions(self.ledger)}

    def book(self, key: str) -> Position:
        """One position, flat ones too."""
        (found,) = list_positions(self.ledger, instrument_key=key, only_open=False)
        return found

    def book_of(self, strategy_id: str, key: str) -> Position:
        """One strategy's position, flat ones too."""
        (found,) = list_positions(self.ledger, instrument_key=key, strategy=strategy_id, only_open=False)
        return found

    def held(self, strategy_id: str, key: str) -> Decimal:
        """What one strategy holds of an instrument."""
        found = list_positions(self.ledger, instrument_key=key, strategy=strategy_id)
        return sum((one.quantity for one in found), Decimal(0))

    def orders(self) -> tuple[OrderRow, ...]:
        """All orders, oldest first."""
        return tuple(reversed(list_orders(self.ledger)))

    def at_broker(self) -> dict[str, Decimal]:
        """What the broker holds, by instrument."""
        return {one.instrument_key: one.quantity for one in self.paper.positions()}

    def reason(self, signal_id: str) -> tuple[str, str]:
        """The outcome and reason of a signal's one decision, or its state and reason without one."""
        from fund_pipeline.ledger.decisions import list_decisions

        decided = list_decisions(self.ledger, signal_id=signal_id)
        if not decided:
            signal = explain(self.ledger, signal_id).signal
            return signal.state.value, signal.reason or ""
        return decided[-1].outcome.value, decided[-1].reason

    def close(self) -> None:
        """Give everything back."""
        self.ledger.close()


def _senders(ledger: Ledger) -> tuple[Sender, ...]:
    from fund_pipeline.signals.senders import list_senders

    return list_senders(ledger)


NUMBERS = iter(range(1, 10**9))


def signal(kind: str | None, *legs: Mapping[str, Any], at: datetime = START, **fields: Any) -> dict[str, Any]:
    """A signal as a sender writes it, with an id of its own."""
    head = {
        "strategy_name": STRATEGY,
        "signalID": f"id-{next(NUMBERS)}",
        "signal_sent_EPOCH": int(at.timestamp()),
        "environment": "staging",
        "account_equity": 100_000,
        "signal_legs": list(legs),
    }
    return head | ({} if kind is None else {"signal_type": kind}) | fields


def leg(action: str, quantity: Any, instrument: str = "AAPL", **fields: Any) -> dict[str, Any]:
    """One leg at market."""
    usual = {"instrument": instrument, "instrument_type": "STOCK", "action": action, "quantity": quantity}
    return usual | fields
