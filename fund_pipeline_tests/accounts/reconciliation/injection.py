"""Faults on the broker's side, from seeds: what each should be found as, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from fund_pipeline.accounts.reconciliation.running import Books, Passed, reconcile_account
from fund_pipeline.execution.brokers.paper import FaultKind, book
from fund_pipeline.execution.port import OrderRequest
from fund_pipeline.execution.positions import rebuild
from fund_pipeline.ledger.alerts import list_alerts
from fund_pipeline.ledger.break_model import BreakKind
from fund_pipeline.ledger.breaks import list_breaks, locks
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.orders import list_orders, orders_by_id
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.terms import AssetClass, OrderRole, OrderType, Side
from fund_pipeline_tests.execution.world import ACCOUNT, World, planned
from fund_pipeline_tests.signals.inboxes import READER

STOCKS = ("STOCK:AAPL", "STOCK:KO", "STOCK:MSFT")
PRICES = {"STOCK:AAPL": 150, "STOCK:KO": 60, "STOCK:MSFT": 400}
K = BreakKind
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Expected:
    """What a fault is: kinds by subject that stand, and that are repaired. Cash is of the whole account."""

    standing: set[tuple[BreakKind, str]] = field(default_factory=set)
    repaired: set[tuple[BreakKind, str]] = field(default_factory=set)
    imports: bool = False


class Desk:
    """A world whose books have begun: three stocks are held, a fill each, and the first pass found nothing."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        self.prepared: dict[str, str] = {}
        self.books = Books(world.ledger, world.brokers, READER.master, world.now, patience=world.patience)
        for key in STOCKS:
            world.quote(PRICES[key], key)
            for _ in range(rng.randint(1, 2)):
                world.run(planned(OrderRole.ENTRY, rng.randrange(20, 200, 2), instrument_key=key))
        world.wait(300)
        first = self.reconcile()
        assert first.last.is_complete, first.last.findings
        assert first.last.standing == (), first.last.standing
        world.wait(300)

    def reconcile(self) -> Passed:
        return reconcile_account(self.books, ACCOUNT)

    def fill_of(self, key: str):
        """A fill of ours in an instrument, as the broker tells of it."""
        return self.rng.choice([one for one in self.world.broker.executions(_EVER) if one.instrument_key == key])

    def works(self, key: str) -> str:
        """An order of ours that works far from the market; made before anything goes wrong."""
        return self.prepared[key]

    def prepare(self, key: str) -> None:
        """Make it."""
        limit = {"order_type": OrderType.LIMIT, "limit_price": Decimal(PRICES[key]) / 2}
        [self.prepared[key]] = self.world.run(planned(OrderRole.ENTRY, 10, instrument_key=key, **limit))
        self.world.wait(300)

    def request(self, key: str, quantity: int, name: str = "", **more: object) -> OrderRequest:
        """An order that somebody else places."""
        side = self.rng.choice(list(Side))
        values = {"order_type": OrderType.MARKET, "limit_price": None} | more
        return OrderRequest(
            client_order_id=name,
            instrument_key=key,
            asset_class=AssetClass.STOCK,
            side=side,
            quantity=Decimal(quantity),
            stop_price=None,
            multiplier=Decimal(1),
            currency="USD",
            **values,  # type: ignore[arg-type]
        )


def _missed(desk: Desk, key: str) -> Expected:
    name = desk.works(key)
    desk.world.broker.fill_anyway(name, Decimal(10), Decimal(PRICES[key]) / 2)
    newest = list(desk.world.broker.executions(_EVER))[-1].execution_id
    desk.world.wait(300)
    return Expected(repaired={(K.EXECUTION_MISSED, newest)}, imports=True)


def _told_twice(desk: Desk, key: str) -> Expected:
    for _ in range(2):
        desk.world.fault("executions", FaultKind.TWICE)
    return Expected()


def _duplicated(desk: Desk, key: str) -> Expected:
    return Expected({(K.EXECUTION_DUPLICATED, desk.world.broker.repeat_fill(desk.fill_of(key).execution_id))})


def _altered_price(desk: Desk, key: str) -> Expected:
    fill = desk.fill_of(key)
    desk.world.broker.alter_fill(fill.execution_id, fill.quantity, fill.price + desk.rng.choice([-1, 1, 2]))
    return Expected({(K.EXECUTION_ALTERED, fill.execution_id), (K.CASH, "USD")})


def _altered_quantity(desk: Desk, key: str) -> Expected:
    fill = desk.fill_of(key)
    desk.world.broker.alter_fill(fill.execution_id, fill.quantity + desk.rng.choice([-1, 3]), fill.price)
    return Expected({(K.EXECUTION_ALTERED, fill.execution_id), (K.POSITION, key), (K.CASH, "USD")})


def _removed(desk: Desk, key: str) -> Expected:
    fill = desk.fill_of(key)
    desk.world.broker.remove_fill(fill.execution_id)
    return Expected({(K.EXECUTION_NOT_AT_BROKER, fill.execution_id), (K.POSITION, key), (K.CASH, "USD")})


def _external(desk: Desk, key: str) -> Expected:
    desk.world.broker.trade_by_hand(desk.request(key, desk.rng.randint(1, 50)), Decimal(PRICES[key]))
    newest = list(desk.world.broker.executions(_EVER))[-1].execution_id
    return Expected({(K.EXTERNAL_TRADE, newest)}, {(K.EXECUTION_MISSED, newest)}, imports=True)


def _cash(desk: Desk, key: str) -> Expected:
    amount = desk.rng.choice([-1, 1]) * Decimal(desk.rng.randrange(20_000_00, 50_000_00)) / 100
    desk.world.broker.move_cash("USD", amount)
    return Expected({(K.CASH, "USD")})


def _dividend(desk: Desk, key: str) -> Expected:
    held = next(one.quantity for one in desk.world.broker.positions() if one.instrument_key == key)
    desk.world.broker.move_cash("USD", held * Decimal(desk.rng.randint(1, 200)) / 100)
    return Expected({(K.DIVIDEND, "USD")})


def _vanished(desk: Desk, key: str) -> Expected:
    name = desk.works(key)
    desk.world.broker.lose_order(name)
    return Expected({(K.ORDER_MISSING, name)})


def _cancelled(desk: Desk, key: str) -> Expected:
    name = desk.works(key)
    desk.world.broker.cancel(name)
    return Expected(repaired={(K.ORDER_ENDED, name)})


def _orphan(desk: Desk, key: str) -> Expected:
    name = "fp" + "".join(desk.rng.choices("abcdefg234567", k=24))
    limit = {"order_type": OrderType.LIMIT, "limit_price": Decimal(1)}
    request = desk.request(key, 5, name, **limit)
    desk.world.broker.submit(OrderRequest(**request.__dict__ | {"side": Side.BUY}))
    return Expected({(K.ORDER_ORPHAN, name)})


def _by_hand(desk: Desk, key: str) -> Expected:
    limit = {"order_type": OrderType.LIMIT, "limit_price": Decimal(1)}
    request = desk.request(key, 5, "typed by a person", **limit)
    desk.world.broker.submit(OrderRequest(**request.__dict__ | {"side": Side.BUY}))
    return Expected({(K.ORDER_EXTERNAL, desk.world.broker.open_orders()[-1].broker_order_id)})


def _split(desk: Desk, key: str) -> Expected:
    desk.world.broker.split(key, *desk.rng.choice([(2, 1), (3, 1), (1, 2), (10, 1), (3, 2)]))
    return Expected({(K.SPLIT, key)})


def _late_commission(desk: Desk, key: str) -> Expected:
    fill = desk.fill_of(key)
    desk.world.broker.charge_late(fill.execution_id, fill.commission + Decimal(desk.rng.randint(1, 900)) / 100)
    return Expected(repaired={(K.LATE_COMMISSION, fill.execution_id)})


FAULTS: dict[str, Callable[[Desk, str], Expected]] = {
    "missed": _missed,
    "told twice": _told_twice,
    "duplicated": _duplicated,
    "altered price": _altered_price,
    "altered quantity": _altered_quantity,
    "removed": _removed,
    "external": _external,
    "cash": _cash,
    "dividend": _dividend,
    "vanished order": _vanished,
    "cancelled order": _cancelled,
    "orphan order": _orphan,
    "order by hand": _by_hand,
    "split": _split,
    "late commission": _late_commission,
}
NEEDS_AN_ORDER = {"missed", "vanished order", "cancelled order"}
MOVES_CASH = {"altered price", "altered quantity", "removed", "cash", "dividend"}


def inject(world: World, seed: int) -> str:
    """One trial: one or two faults of a seed, each in an instrument of its own; what was injected.

    AssertionError when one is not found as what it is, when anything else is found or repaired, when an order is sent,
    or when a second pass finds anything new.
    """
    rng = random.Random(seed)
    desk = Desk(world, rng)
    names = list(FAULTS)
    chosen = [names[seed % len(names)]]
    other = rng.choice(names)
    if rng.random() < 0.4 and not (other in MOVES_CASH and chosen[0] in MOVES_CASH) and other != chosen[0]:
        chosen.append(other)
    keys = rng.sample(STOCKS, len(chosen))
    for name, key in zip(chosen, keys, strict=True):
        if name in NEEDS_AN_ORDER:
            desk.prepare(key)
    expected = [FAULTS[name](desk, key) for name, key in zip(chosen, keys, strict=True)]
    told = " and ".join(chosen)
    standing = set().union(*(one.standing for one in expected))
    repaired = set().union(*(one.repaired for one in expected))
    if (K.DIVIDEND, "USD") in standing and any(kind.locks for kind, _ in standing if kind.section.value != "ORDERS"):
        standing = standing - {(K.DIVIDEND, "USD")} | {(K.CASH, "USD")}
    before, orders = _positions(world), _sent(world)

    passed = desk.reconcile()

    assert passed.recorded is not None
    assert passed.last.is_complete, f"{told}: {passed.last.findings}"
    assert {one.key for one in passed.last.standing} == standing, f"{told}: {passed.last.standing}"
    done = {one.found.key for one in passed.recorded.new if one.found.key not in standing}
    assert done == repaired, f"{told}: repaired {done}"
    assert _sent(world) == orders, f"{told}: an order was sent"
    if not any(one.imports for one in expected):
        assert _positions(world) == before, f"{told}: a position was changed"
    _check_books(world)
    _check_locks(world, standing, told)

    world.wait(300)
    again = desk.reconcile()
    assert again.recorded is not None
    assert (again.recorded.new, again.recorded.cleared) == ((), ()), f"{told}: a second pass finds news"
    assert {one.key for one in again.last.standing} == standing, f"{told}: {again.last.standing}"
    assert not [one for one in again.first.repairs if one.of is not None], f"{told}: a second pass repairs"
    return told


def _check_books(world: World) -> None:
    executions = list_executions(world.ledger)
    orders = orders_by_id(world.ledger, [one.client_order_id for one in list_orders(world.ledger, newest=1000)])
    kept = {
        (one.strategy, one.account_id, one.instrument_key): one for one in list_positions(world.ledger, only_open=False)
    }
    assert kept == rebuild(executions, orders), "positions are not what executions sum to"


def _check_locks(world: World, standing: set[tuple[BreakKind, str]], told: str) -> None:
    held = list_breaks(world.ledger)
    assert {one.found.key for one in held} == standing
    wanted = {one.found.instrument_key for one in held if one.found.kind.locks}
    assert locks(world.ledger).get("a1", frozenset()) == wanted, told
    alerted = {one.trouble.entity_id for one in list_alerts(world.ledger, only_open=True)}
    assert {one.break_id for one in held} <= alerted, f"{told}: a break without an alert"


def _positions(world: World) -> dict[tuple[str, str], Decimal]:
    return {(one.strategy, one.instrument_key): one.quantity for one in list_positions(world.ledger)}


def _sent(world: World) -> list[tuple[str, str]]:
    return [
        (one.request.client_order_id, one.state.value)
        for one in world.look(lambda db: book.find_orders(db, book.Which.ALL))
    ]
