"""Orders under random trouble: signals, fills, prices, faults, crashes in the middle of a step, and restarts."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fund_pipeline.cerebro.sizing.model import Action, ActionKind
from fund_pipeline.execution import follow, submit_intents
from fund_pipeline.execution.brokers.paper import FILL, FaultKind
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.terms import OrderRole, OrderType, Side
from fund_pipeline_tests.execution.world import World, planned

FAULTS = [
    ("submit", FaultKind.AWAY),
    ("submit", FaultKind.LOST_ANSWER),
    ("submit", FaultKind.LATE),
    ("submit", FaultKind.REJECT),
    ("cancel", FaultKind.AWAY),
    ("cancel", FaultKind.LOST_ANSWER),
    ("modify", FaultKind.AWAY),
    ("modify", FaultKind.REJECT),
    ("find", FaultKind.AWAY),
    ("open_orders", FaultKind.AWAY),
    ("positions", FaultKind.AWAY),
    ("executions", FaultKind.AWAY),
    ("executions", FaultKind.TWICE),
    (FILL, FaultKind.PARTIAL),
    (FILL, FaultKind.HIDDEN),
]
CALLS = ("submit", "cancel", "modify", "find", "open_orders", "executions", "positions")
prices = st.integers(40, 60)
quantities = st.integers(1, 5).map(lambda tens: tens * 10)


class Killed(BaseException):
    """The process is gone at this point: nothing of ours runs after it."""


class Deadly:
    """The broker as seen by a process that is killed just before or after one of its calls."""

    def __init__(self, broker: Any, at: int, *, before: bool, seen: Counter[str]) -> None:
        self.broker, self.left, self.before, self.seen = broker, at, before, seen

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.broker, name)
        return self._deadly(name, found) if name in CALLS else found

    def _deadly(self, name: str, call: Any) -> Any:
        def deadly(*given: Any) -> Any:
            self.left -= 1
            if self.left == 0 and self.before:
                raise Killed
            if name == "submit":
                self.seen[given[0].client_order_id] += 1
            try:
                return call(*given)
            finally:
                if self.left == 0 and not self.before:
                    raise Killed

        return deadly


class Orders(RuleBasedStateMachine):
    """What `World.check` says holds after every step; at the end all is resolved, and flat once it is asked to be."""

    template: Path

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="orders-"))
        shutil.copy(self.template, self.home / "ledger.sqlite")
        self.world = World(f"sqlite:///{self.home / 'ledger.sqlite'}", self.home)
        self.seen: Counter[str] = Counter()

    def _brokers(self, at: int = 0, *, before: bool = False) -> dict[str, Any]:
        return {"a1": Deadly(self.world.broker, at, before=before, seen=self.seen)}

    @rule(
        quantity=quantities,
        limit=st.none() | prices,
        attached=st.sampled_from(["", "stop", "target", "both"]),
        buys=st.booleans(),
        then=st.sampled_from(["wait", "send", "fill", "fill"]),
    )
    def enter(self, quantity: int, limit: int | None, attached: str, buys: bool, then: str) -> None:
        """On the side of what is held or being opened: sizing refuses the other (OPPOSITE_POSITION)."""
        held = self.world.held()
        opening = [one.side for one in self.world.orders(OrderRole.ENTRY) if one.state.is_live]
        long = held > 0 or (held == 0 and (opening[0] is Side.BUY if opening else buys))
        side, back = (Side.BUY, Side.SELL) if long else (Side.SELL, Side.BUY)
        kind = OrderType.MARKET if limit is None else OrderType.LIMIT
        price = None if limit is None else Decimal(limit)
        orders = [planned(OrderRole.ENTRY, quantity, side=side, order_type=kind, limit_price=price)]
        far = {"side": back}
        if attached in ("stop", "both"):
            at = Decimal(42 if long else 58)
            orders.append(planned(OrderRole.STOP, quantity, order_type=OrderType.STOP, stop_price=at, **far))
        if attached in ("target", "both"):
            at = Decimal(58 if long else 42)
            orders.append(planned(OrderRole.TARGET, quantity, order_type=OrderType.LIMIT, limit_price=at, **far))
        self.world.decide(*orders)
        self._then(then)

    @precondition(lambda self: self.world.held() != 0)
    @rule(tenths=st.integers(1, 10), then=st.sampled_from(["wait", "send", "fill"]))
    def leave(self, tenths: int, then: str) -> None:
        held = self.world.held()
        quantity = max(abs(held) * tenths // 10, Decimal(1))
        self.world.decide(planned(OrderRole.EXIT, quantity, side=Side.SELL if held > 0 else Side.BUY))
        self._then(then)

    @precondition(lambda self: self.world.held() != 0)
    @rule(which=st.integers(0, 9), tenths=st.integers(1, 10), then=st.sampled_from(["wait", "send", "fill"]))
    def leave_a_rung(self, which: int, tenths: int, then: str) -> None:
        position = self.world.position()
        assert position is not None
        lot = position.lots[which % len(position.lots)]
        quantity = max(lot.quantity * tenths // 10, Decimal(1))
        side = Side.SELL if position.quantity > 0 else Side.BUY
        named = {"closes_entry": lot.signal_id, "closes_others": False}
        self.world.decide(planned(OrderRole.EXIT, quantity, side=side, **named))
        self._then(then)

    def _then(self, then: str) -> None:
        if then != "wait":
            self.send()
        if then == "fill":
            self.follow()
            self.follow()

    @rule(which=st.integers(0, 9), exits=st.booleans(), fraction=st.sampled_from([None, Decimal("0.5")]))
    def cancel(self, which: int, exits: bool, fraction: Decimal | None) -> None:
        live = [one for one in self.world.orders(OrderRole.ENTRY) if one.state.is_live]
        if live:
            entry = live[which % len(live)]
            kind = ActionKind.CANCEL_ENTRY_FIRST if exits else ActionKind.CANCEL
            known = {"fraction": fraction, "filled": entry.filled_quantity}
            named = Action(kind=kind, client_order_id=entry.client_order_id, **known)
            self.world.decide(actions=(named,))

    @rule(price=prices, size=st.none() | quantities)
    def move(self, price: int, size: int | None) -> None:
        sizes = {} if size is None else {"bid_size": Decimal(size), "ask_size": Decimal(size)}
        self.world.quote(price, **sizes)

    @rule(fault=st.sampled_from(FAULTS), quantity=quantities, seconds=st.sampled_from([1, 20, 40]))
    def trouble(self, fault: tuple[str, FaultKind], quantity: int, seconds: int) -> None:
        self.world.fault(*fault, quantity=Decimal(quantity), seconds=seconds)

    @rule(which=st.integers(0, 9))
    def fill_late(self, which: int) -> None:
        """Of entries on the position's side: one against it would take what an exit on its way is about to close, which
        nobody can prevent and EXIT_CROSSED_ZERO tells."""
        opens = Side.SELL if self.world.held() < 0 else Side.BUY
        ended = [one for one in self.world.orders(OrderRole.ENTRY) if one.state is OrderState.CANCELLED]
        ended = [one for one in ended if one.side is opens]
        there = self.world.orders_there("CANCELLED")
        unfilled = {one.request.client_order_id: one.remaining for one in there if one.remaining}
        sent = [one.client_order_id for one in ended if one.client_order_id in unfilled]
        if sent:
            name = sent[which % len(sent)]
            self.world.broker.fill_anyway(name, unfilled[name], Decimal(50))

    @rule(seconds=st.sampled_from([1, 5, 35, 50, 130]))
    def wait(self, seconds: int) -> None:
        self.world.wait(seconds)

    @rule()
    def send(self) -> None:
        submit_intents(self.world.ledger, self._brokers(), self.world.now, patience=self.world.patience)

    @rule()
    def follow(self) -> None:
        follow(self.world.ledger, self._brokers(), self.world.now, patience=self.world.patience)

    @rule(at=st.integers(1, 12), before=st.booleans(), sends=st.booleans())
    def die(self, at: int, before: bool, sends: bool) -> None:
        act: Any = submit_intents if sends else follow
        try:
            act(self.world.ledger, self._brokers(at, before=before), self.world.now, patience=self.world.patience)
        except Killed:
            self.world.crash()

    @invariant()
    def holds(self) -> None:
        self.world.check()
        assert not self.seen or max(self.seen.values()) == 1, "an id was sent twice"
        orders = self.world.orders()
        known = {one.client_order_id: one for one in orders}
        for one in orders:
            assert one.state is not OrderState.FILLED or one.filled_quantity >= one.quantity, "filled without fills"
            waited = [name for name in one.waits_for if known[name].state.is_live and self._was_known(name)]
            assert not waited or one.state is OrderState.INTENT, "an exit did not wait for its entry"
            failed = one.role.closes and one.state is OrderState.REJECTED and one.remaining > 0 and not one.cancel_for
            follows = any(other.legged == one.legged and other.attempt > one.attempt for other in orders)
            assert not failed or follows, "a failed exit was given up"
        left: dict[str, Decimal] = defaultdict(Decimal)
        for one in orders:
            if one.role is OrderRole.EXIT and one.closes_entry is not None and not one.closes_others:
                left[one.closes_entry] -= one.filled_quantity
            elif one.role is not OrderRole.EXIT:
                left[one.signal_id] += one.filled_quantity if one.role is OrderRole.ENTRY else -one.filled_quantity
        assert min(left.values(), default=0) >= 0, "the orders of a rung closed more than it had filled"
        never = {"EXIT_CROSSED_ZERO", "ARRIVED_LATE", "STILL_WORKING", "OVERFILL", "FILL_OF_UNKNOWN_ORDER"}
        assert not never & set(self.world.alerts())
        working = [one.request.client_order_id for one in self.world.orders_there("WORKING")]
        places = Counter((*known[name].legged, known[name].role) for name in working)
        assert not places or max(places.values()) == 1, "two orders at the broker for one place"

    def _was_known(self, name: str) -> bool:
        """An exit waits for its entries, but not for ever behind one of which nobody knows."""
        return "UNKNOWN" not in self.world.path(name)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        try:
            with world.broker._store.transaction() as db:
                db.execute("DELETE FROM faults")
            world.quote(50)
            self._quiet()
            world.check_settled()
            if world.held():
                side = Side.SELL if world.held() > 0 else Side.BUY
                world.decide(planned(OrderRole.EXIT, abs(world.held()), side=side))
            for entry in [one for one in world.orders(OrderRole.ENTRY) if one.state.is_live]:
                world.decide(
                    actions=(Action(kind=ActionKind.CANCEL_ENTRY_FIRST, client_order_id=entry.client_order_id),)
                )
            self._quiet()
            world.check_settled()
            self.holds()
            assert (world.held(), world.at_broker()) == (0, 0)
            left = [one for one in world.orders() if one.state.is_live]
            assert left == [], "something is left of a flat position"
            assert world.orders_there("WORKING", "ON_ITS_WAY") == []
        finally:
            world.close()
            shutil.rmtree(self.home)

    def _quiet(self) -> None:
        for _ in range(7):
            follow(self.world.ledger, self._brokers(), self.world.now, patience=self.world.patience)
            self.world.wait(61)
