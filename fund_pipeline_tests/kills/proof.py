"""The proof after kills, from the ledger and from the paper broker's own books."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from fund_pipeline.execution.brokers.paper import PaperBroker, book
from fund_pipeline.execution.brokers.paper.book import PaperOrder, PaperState
from fund_pipeline.execution.positions import rebuild
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.alerts import list_alerts
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.order_model import OrderRow, OrderState
from fund_pipeline.ledger.orders import get_order, list_orders
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.signals.inbox import explain
from fund_pipeline.terms import DecisionOutcome, OrderRole
from fund_pipeline_tests.kills.desk import EVERYTHING

NONE = Decimal(0)
TRADES = (DecisionOutcome.APPROVED, DecisionOutcome.RESIZED)
IMPOSSIBLE = frozenset(
    {"EXIT_CROSSED_ZERO", "OVERFILL", "STILL_WORKING", "FILL_OF_UNKNOWN_ORDER", "ORDER_NOT_IN_LEDGER", "ARRIVED_LATE"}
)
"""Alerts that only a doubled or a forgotten order raises."""


class Traded(Protocol):
    """What is proved: a ledger, its paper broker, and the signals that were accepted."""

    ledger: Ledger
    accepted: list[str]

    @property
    def paper(self) -> PaperBroker:
        """The broker."""

    def positions(self) -> dict[str, Decimal]:
        """What our books hold."""

    def at_broker(self) -> dict[str, Decimal]:
        """What the broker holds."""


def faults_of(desk: Traded) -> list[str]:
    """What is wrong, in words; nothing if nothing was lost, nothing doubled, and no doubt is left unsaid."""
    orders = list_orders(desk.ledger, newest=EVERYTHING)
    with desk.paper._store.transaction() as db:
        theirs = book.find_orders(db, book.Which.ALL)
    return [
        *_lost(desk, orders),
        *_doubled(orders, theirs),
        *_sent_twice(desk, orders),
        *_fills(desk, orders),
        *_doubts(desk, orders),
    ]


def _lost(desk: Traded, orders: Iterable[OrderRow]) -> Iterable[str]:
    decided = defaultdict(list)
    for one in list_decisions(desk.ledger, newest=EVERYTHING):
        decided[one.signal_id].append(one)
    ordered = {one.decision_id for one in orders}
    for signal_id in desk.accepted:
        state, mine = explain(desk.ledger, signal_id).signal.state, decided[signal_id]
        if state is not SignalState.DECIDED or len(mine) != 1:
            yield f"signal {signal_id} is {state} with {len(mine)} decisions"
        for one in mine:
            if one.outcome in TRADES and one.decision_id not in ordered and one.kind != "EXIT":
                yield f"decision {one.decision_id} is {one.outcome} and has no order"


def _doubled(orders: Iterable[OrderRow], theirs: Iterable[PaperOrder]) -> Iterable[str]:
    """By the broker's books: which orders live, or have filled, for one signal, leg, account and role."""
    ours = {one.client_order_id: one for one in orders}
    at_work: dict[tuple[object, ...], list[PaperOrder]] = defaultdict(list)
    for one in theirs:
        order = ours.get(one.request.client_order_id)
        if order is None:
            yield f"the broker has {one.request.client_order_id}, which is not in the ledger"
        elif one.state is PaperState.WORKING or one.filled:
            at_work[(*order.legged, order.role)].append(one)
        if order is not None and one.filled != order.filled_quantity:
            yield f"order {order.client_order_id} filled {one.filled} there and {order.filled_quantity} here"
    for place, found in at_work.items():
        planned = max(ours[one.request.client_order_id].planned_quantity for one in found)
        filled = sum((one.filled for one in found), NONE)
        working = sum(one.state is PaperState.WORKING for one in found)
        is_entry = OrderRole.ENTRY in place
        if working > 1 or (is_entry and (len(found) > 1 or filled > planned)):
            yield f"the broker was given {place} {len(found)} times, {working} work, {filled} of {planned} filled"
    live = Counter((*one.legged, one.role) for one in ours.values() if one.state.is_live)
    yield from (f"{number} live orders of {place}" for place, number in live.items() if number > 1)


def _sent_twice(desk: Traded, orders: Sequence[OrderRow]) -> Iterable[str]:
    for one in orders:
        after = [step.after for step in get_order(desk.ledger, one.client_order_id)[1] if step.before is not step.after]
        if after.count(OrderState.SUBMITTED) > 1:
            yield f"order {one.client_order_id} was sent {after.count(OrderState.SUBMITTED)} times"


def _fills(desk: Traded, orders: Iterable[OrderRow]) -> Iterable[str]:
    executions = list_executions(desk.ledger)
    with desk.paper._store.transaction() as db:
        told = Counter(one.execution_id for one in book.all_executions(db))
    booked = Counter(one.broker_execution_id for one in executions)
    if booked != told:
        yield f"fills at the broker and not here {told - booked}, here and not there {booked - told}"
    kept = {
        (one.strategy, one.account_id, one.instrument_key): one for one in list_positions(desk.ledger, only_open=False)
    }
    if kept != rebuild(executions, {one.client_order_id: one for one in orders}):
        yield "positions are not what executions sum to"
    if desk.positions() != desk.at_broker():
        yield f"our books hold {desk.positions()}, the broker {desk.at_broker()}"


def _doubts(desk: Traded, orders: Iterable[OrderRow]) -> Iterable[str]:
    alerts = {(one.trouble.kind, one.trouble.entity_id) for one in list_alerts(desk.ledger)}
    for one in orders:
        in_doubt = one.state in (OrderState.SUBMITTED, OrderState.UNKNOWN)
        if in_doubt and ("ORDER_UNKNOWN", one.client_order_id) not in alerts:
            yield f"order {one.client_order_id} is {one.state} and nobody was told"
    yield from (f"alert {kind} about {entity}" for kind, entity in sorted(alerts) if kind in IMPOSSIBLE)
