"""A trading floor under random trouble: signals, prices, faults of the broker, crashes between and within steps."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fund_pipeline.execution import follow, submit_intents
from fund_pipeline.execution.brokers.paper import FILL, Fault, FaultKind
from fund_pipeline.ledger.claims import claim
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline.ledger.fund_day_model import Opening
from fund_pipeline.ledger.fund_days import list_days
from fund_pipeline.ledger.order_model import OrderRow
from fund_pipeline.ledger.orders import list_orders
from fund_pipeline.ledger.sender_book import open_entries
from fund_pipeline.signals.inbox import process_pending
from fund_pipeline.terms import OrderRole
from fund_pipeline_tests.decisions.floor import EQUITY, WEIGHED, WEIGHT, Floor, leg
from fund_pipeline_tests.decisions.scenarios import order, sized, weight
from fund_pipeline_tests.execution.machine import FAULTS, Deadly, Killed
from fund_pipeline_tests.signals.inboxes import READER

SYMBOLS = ("AAPL", "KO")
KEYS = ("STOCK:AAPL", "STOCK:KO", "ETF:MTUM")
CAP = EQUITY * WEIGHT * 2
"""Capital times the greatest gross: a notional that no strategy may exceed when it enters."""

SLACK = Decimal("1.25")
"""Prices move by a fifth, and equity with them."""

symbols = st.sampled_from(SYMBOLS)
shares = st.sampled_from([1, 40, 700, 10_000])


class Trading(RuleBasedStateMachine):
    """DESIGN.md's invariants after every step; at the end all is resolved, and flat once the senders leave."""

    template: Path

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="trading-"))
        shutil.copy(self.template, self.home / "ledger.sqlite")
        self.floor = Floor(f"sqlite:///{self.home / 'ledger.sqlite'}", self.home)
        self.floor.change_strategy(max_gross=Decimal(2))
        self.sent: dict[str, str] = {}
        self.set_back = 0
        self.submitted: Counter[str] = Counter()
        self.opened: dict[date, Mapping[str, Opening]] = {}
        self.entered: set[str] = set()
        self.stopped: set[date] = set()
        for key in KEYS:
            self.floor.market(key, "100")

    def _brokers(self, at: int = 0, *, before: bool = False) -> dict[str, Any]:
        return {"demo-paper": Deadly(self.floor.paper, at, before=before, seen=self.submitted)}

    @rule(symbol=symbols, quantity=shares, buys=st.booleans(), stop=st.booleans(), times=st.sampled_from([1, 1, 2]))
    def enter(self, symbol: str, quantity: int, buys: bool, stop: bool, times: int) -> None:
        action, away = ("BUY", 70) if buys else ("SELL", 130)
        fields = {"stop_loss": away} if stop else {}
        payload = sized("ENTRY", leg(action, quantity, symbol, **fields), at=self.floor.now)
        for _ in range(times):  # the second is the same one again
            self.sent[self.floor.send(payload)] = f"{action} {symbol}"

    @rule(quantity=shares, buys=st.booleans())
    def enter_pair(self, quantity: int, buys: bool) -> None:
        first, second = ("BUY", "SELL") if buys else ("SELL", "BUY")
        legs = leg(first, quantity, "AAPL"), leg(second, quantity, "KO")
        self.sent[self.floor.send(sized("ENTRY", *legs, at=self.floor.now))] = "pair"

    @rule(which=st.integers(0, 20), kind=st.sampled_from(["EXIT", "EXIT", "SCALE_OUT", "CANCEL"]), part=shares)
    def leave(self, which: int, kind: str, part: int) -> None:
        named = list(self.sent)
        if not named:
            return
        entry = named[which % len(named)]
        action, _, symbol = self.sent[entry].partition(" ")
        legs = []
        if kind == "SCALE_OUT":
            if not symbol:
                return
            legs = [leg("SELL" if action == "BUY" else "BUY", part, symbol)]
        self.floor.send(sized(kind, *legs, at=self.floor.now, entry_signal_id=entry))

    @rule(kind=st.sampled_from(["EXIT", "CANCEL"]))
    def name_what_was_never_sent(self, kind: str) -> None:
        self.floor.send(sized(kind, at=self.floor.now, entry_signal_id="never-sent"))

    @rule(symbol=symbols, quantity=shares, buys=st.booleans())
    def untyped(self, symbol: str, quantity: int, buys: bool) -> None:
        fields = {"ticker": symbol, "instrument_type": "STOCK", "action": "BUY" if buys else "SELL"}
        self.floor.send(order(self.floor.now, quantity=quantity, **fields))

    @rule(share=st.sampled_from([0, 0.1, 0.5, 1]), short=st.booleans())
    def hold(self, share: float, short: bool) -> None:
        action = "SELL" if short else "BUY"
        self.floor.send(weight(share, action, at=self.floor.now) | {"signal_type": "ENTRY"})

    @rule(key=st.sampled_from(KEYS), price=st.integers(90, 110))
    def move(self, key: str, price: int) -> None:
        self.floor.market(key, str(price))

    @rule(fault=st.sampled_from(FAULTS), quantity=shares, seconds=st.sampled_from([1, 20, 40]))
    def trouble(self, fault: tuple[str, FaultKind], quantity: int, seconds: int) -> None:
        call, kind = fault
        self.floor.paper.inject(Fault(call, kind, seconds=seconds, quantity=Decimal(quantity)))

    @rule(call=st.sampled_from(["quote", "account_state", "positions", FILL]))
    def silence(self, call: str) -> None:
        kind = FaultKind.PARTIAL if call == FILL else FaultKind.AWAY
        self.floor.paper.inject(Fault(call, kind, quantity=Decimal(3)))

    @rule(seconds=st.sampled_from([1, 5, 35, 70, 200]))
    def wait(self, seconds: int) -> None:
        self.floor.pass_time(seconds=seconds)
        for key in KEYS:
            self.floor.market(key, "100")

    @rule(seconds=st.sampled_from([-400, -40, -2, 600, 5400]))
    def set_the_clock(self, seconds: int) -> None:
        """Somebody corrects the machine's clock, by hand or all at once; quotes and orders keep the times they have."""
        self.floor.pass_time(seconds=seconds)
        self.set_back += max(-seconds, 0)

    @rule()
    def claim_and_die(self) -> None:
        process_pending(self.floor.ledger, READER, self.floor.now)
        claim(self.floor.ledger, f"dead-{uuid.uuid4().hex[:8]}", self.floor.now, self.floor.lease, 3)

    @rule()
    def decide(self) -> None:
        self.floor.decide()

    @rule(at=st.integers(0, 14), before=st.booleans(), decides=st.booleans())
    def work(self, at: int, before: bool, decides: bool) -> None:
        """A pass of a new process, which dies at its `at`-th call of the broker; 0 for none."""
        if decides:
            self.floor.decide()
        brokers, clock = self._brokers(at, before=before), self.floor.clock
        try:
            submit_intents(self.floor.ledger, brokers, clock)
            follow(self.floor.ledger, brokers, clock)
        except Killed:
            self.floor.connect()

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "floor"):
            return
        orders = list_orders(self.floor.ledger, newest=10_000)
        assert not self.submitted or max(self.submitted.values()) == 1, "an order was sent twice"
        live = Counter((*one.legged, one.role) for one in orders if one.state.is_live)
        assert not live or max(live.values()) == 1, "two live orders for one place"
        self._never_above(orders)
        self._says_why(orders)
        assert "UNDECIDABLE" not in {one.reason for one in list_decisions(self.floor.ledger, newest=10_000)}
        never = {"EXIT_CROSSED_ZERO", "STILL_WORKING", "FILL_OF_UNKNOWN_ORDER", "FOLLOW_UP_FAILED", "LIMITS_WRONG"}
        never |= {"FILL_NOT_BOOKED", "ORDER_NOT_FOLLOWED", "ACCOUNT_NOT_FOLLOWED"}
        assert not never & self.floor.alerts(), self.floor.alerts()
        self._books_are_sane()
        self._stops_hold(orders)

    def _books_are_sane(self) -> None:
        left = open_entries(self.floor.ledger, ["S1", WEIGHED])
        assert all(0 < one.remaining <= one.quantity for one in left)

    def _stops_hold(self, orders: tuple[OrderRow, ...]) -> None:
        """A fund's day is one row, whose opening never changes, and after its stop nothing is entered.

        Steps tell what came after what: a clock that was set back says that an old entry is younger than the stop.
        """
        days = list_days(self.floor.ledger)
        assert len({(one.fund_id, one.mode, one.day) for one in days}) == len(days)
        assert all(self.opened.setdefault(one.day, one.opened) == one.opened for one in days)
        made = {
            one.client_order_id: one.created_at for one in orders if one.role is OrderRole.ENTRY and one.attempt == 1
        }
        new = {key: at for key, at in made.items() if key not in self.entered}
        today = self.floor.now.astimezone(self.floor.sources.zone).date()
        for stop in (one.day_stopped_at for one in days if one.day == today and one.day_stopped_at is not None):
            late = {key: at for key, at in new.items() if today in self.stopped or at > stop}
            assert not late, f"entered after the day was stopped at {stop}: {late}"
            self.stopped.add(today)
        self.entered |= made.keys()

    def _never_above(self, orders: tuple[OrderRow, ...]) -> None:
        notional: dict[str, Decimal] = defaultdict(Decimal)
        for one in orders:
            if one.role is OrderRole.ENTRY and one.state.is_live:
                notional[one.strategy] += one.remaining * (one.reference_price or Decimal(100))
        for strategy, key in ((one, key) for one in ("S1", WEIGHED) for key in KEYS):
            notional[strategy] += abs(self.floor.held(strategy, key)) * 100
        for strategy, used in notional.items():
            assert used <= CAP * SLACK, f"{strategy} has {used} in use"

    def _says_why(self, orders: tuple[OrderRow, ...]) -> None:
        decided = {one.decision_id: one for one in list_decisions(self.floor.ledger, newest=10_000)}
        assert all(one.reason and one.figures for one in decided.values())
        assert all(one.decision_id in decided for one in orders)
        assert all(decided[one.decision_id].outcome.value in ("APPROVED", "RESIZED") for one in orders)

    def teardown(self) -> None:
        if not hasattr(self, "floor"):
            return
        floor = self.floor
        try:
            with floor.paper._store.transaction() as db:
                db.execute("DELETE FROM faults")
            self._quiet()
            assert floor.at_broker() == floor.positions(), "books and broker differ"
            floor.send(weight(0, at=floor.now))
            for entry in self.sent:
                floor.send(sized("EXIT", at=floor.now, entry_signal_id=entry))
                floor.work_off()
            for symbol in SYMBOLS:
                whole = {"instrument": symbol, "instrument_type": "STOCK"}  # no side: a short is closed too
                floor.send(sized("EXIT", whole, at=floor.now))
            self._quiet()
            self.holds()
            floor.assert_flat()
        finally:
            floor.close()
            shutil.rmtree(self.home)

    def _quiet(self) -> None:
        """Long enough for the clock to be again where it was set back from: a fill may be told of only then."""
        for _ in range(7 + -(-self.set_back // 61)):
            for key in KEYS:
                self.floor.market(key, "100")
            self.floor.work_off()
            self.floor.pass_time(seconds=61)
        for key in KEYS:
            self.floor.market(key, "100")
