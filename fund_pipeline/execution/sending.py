"""From intent to the broker's answer: claimed in the ledger first, sent once, then the outcome."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import partial

from fund_pipeline.execution.claiming import claim
from fund_pipeline.execution.delivering import deliver
from fund_pipeline.execution.desk import BrokerAway, Desk
from fund_pipeline.execution.door import refusal
from fund_pipeline.execution.facts import told
from fund_pipeline.execution.pace import Pace, Paces
from fund_pipeline.execution.patience import PATIENCE, Patience
from fund_pipeline.execution.port import Broker
from fund_pipeline.execution.troubles import broker_away
from fund_pipeline.execution.wishes import fulfil
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.order_model import OrderRow, OrderState
from fund_pipeline.ledger.orders import by_age, live_orders
from fund_pipeline.ledger.standings import Standing, Verdict, decide_on, decide_on_entries, stand, stand_entries
from fund_pipeline.terms import OrderRole

_ROUNDS = 3
"""An exit may have to cancel an entry, then cut a stop, before it goes."""


def submit_intents(
    ledger: Ledger,
    brokers: Mapping[str, Broker],
    now: Callable[[], datetime],
    *,
    only: Collection[str] | None = None,
    patience: Patience = PATIENCE,
    actor: str = "execution",
    paces: Paces | None = None,
) -> tuple[str, ...]:
    """Send every intent that may go now, exits before entries; ids of those that were intents.

    Each is committed as SUBMITTED before the broker is asked, and its outcome after; entries a few at a time (`Pace`).
    When no answer comes it is UNKNOWN and is asked for from then on (`follow`), never sent again. An intent that a dead
    process left is asked for first. Stops and targets wait for their entry's fill; exits for what `waits_for` names and
    for stops to be cut.

    `brokers` holds one per account id; intents of other accounts stay. `only` those client order ids. `paces`
    are those of the last time, for who sends time and again. TemporaryError when the ledger is away: what was sent by
    then is found again.
    """
    desk = Desk(ledger, brokers, now, patience, actor)
    found = live_orders(ledger, only=only, state=OrderState.INTENT)
    intents = [one for one in found if one.account_id in brokers]
    early = _before_their_entry(ledger, intents)
    away: set[str] = set()
    for order in intents:
        if order.role.closes and order.account_id not in away and order.client_order_id not in early:
            with _noting_silence(desk, order, away):
                _send(desk, order)
    _send_entries(desk, [one for one in intents if not one.role.closes], away, {} if paces is None else paces)
    return tuple(one.client_order_id for one in intents)


def _before_their_entry(ledger: Ledger, intents: Sequence[OrderRow]) -> frozenset[str]:
    """Stops and targets of entries that live, were sent once at most, and have filled nothing: none can go yet."""
    attached = [one for one in intents if one.role.is_attached and one.cancel_for is None]
    if not attached:
        return frozenset()
    unfilled = {
        (one.legged, one.account_id)
        for one in live_orders(ledger)
        if one.role is OrderRole.ENTRY and one.attempt == 1 and not one.filled_quantity
    }
    return frozenset(one.client_order_id for one in attached if (one.legged, one.account_id) in unfilled)


@contextmanager
def _noting_silence(desk: Desk, order: OrderRow, away: set[str]) -> Iterator[None]:
    """Where the broker of an order does not answer, its account waits for the next pass, and a person is told."""
    try:
        yield
    except BrokerAway as silent:
        away.add(order.account_id)
        severity = Severity.CRITICAL if order.role.closes else Severity.WARNING
        raise_alert(desk.ledger, broker_away(order.account_id, order.fund_id, silent.message, severity), desk.now())


def _send_entries(desk: Desk, entries: Sequence[OrderRow], away: set[str], paces: Paces) -> None:
    """Send entries in their order, some of each account in turn, as many as its broker's pace allows."""
    waiting: dict[str, deque[OrderRow]] = {}
    for order in entries:
        waiting.setdefault(order.account_id, deque()).append(order)
        paces.setdefault(order.account_id, Pace(desk.patience))
    while waiting:
        for account_id, left in list(waiting.items()):
            some = [left.popleft() for _ in range(min(paces[account_id].size, len(left)))]
            began = desk.now()
            if account_id not in away:
                with _noting_silence(desk, some[0], away):
                    _send_some(desk, some)
            if account_id not in away:
                paces[account_id].took(desk.now() - began)
            if not left or account_id in away:
                del waiting[account_id]


def _send_some(desk: Desk, entries: Sequence[OrderRow]) -> None:
    """Send entries of one account: all are claimed, then each is sent, then their outcomes are recorded."""
    fresh = []
    for order in entries:
        if _is_left_over(desk, order):
            _send(desk, order)
        else:
            fresh.append(order)
    if fresh:
        claimed = _claim_entries(desk, fresh)
        deliver(desk, sorted(claimed, key=by_age), partial(_wanted, desk))


def _wanted(desk: Desk, claimed: Sequence[OrderRow]) -> frozenset[str]:
    """Those of these entries that nothing forbids by now: no halt, no wish to cancel, no books that wait."""
    with desk.asking(claimed[0].account_id) as broker:
        is_live = broker.is_live
    return frozenset(
        one.order.client_order_id
        for one in stand_entries(desk.ledger, claimed)
        if one.order.cancel_for is None and not one.books_wait and refusal(one, broker_is_live=is_live) is None
    )


def _claim_entries(desk: Desk, entries: Sequence[OrderRow]) -> tuple[OrderRow, ...]:
    ids = [one.client_order_id for one in entries]
    changed = decide_on_entries(desk.ledger, entries[0].account_id, ids, _claim(desk, entries[0]), desk.now())
    return tuple(one for one in changed.values() if one.state is OrderState.SUBMITTED)


def _send(desk: Desk, order: OrderRow) -> None:
    for _ in range(_ROUNDS):
        decide = _claim(desk, order)
        if _is_left_over(desk, order) or order.role.closes:
            verdict = decide(stand(desk.ledger, order.client_order_id))
            if not verdict:
                return
            leaves = any(step.change.after is OrderState.SUBMITTED for step in verdict.steps)
            if leaves and _is_left_over(desk, order) and _is_known(desk, order):
                return
        changed = decide_on(desk.ledger, order.client_order_id, decide, desk.now())
        claimed = changed.pop(order.client_order_id, None)
        if claimed is not None and claimed.state is OrderState.SUBMITTED:
            deliver(desk, [claimed], lambda some: frozenset(one.client_order_id for one in some))
            return
        if claimed is not None or not changed:
            return
        for one in changed.values():
            fulfil(desk, one)


def _claim(desk: Desk, order: OrderRow) -> Callable[[Standing], Verdict]:
    """What decides on the order, knowing what the broker holds where that matters."""
    at_broker: dict[str, Decimal] | None = None
    with desk.asking(order.account_id) as broker:
        is_live = broker.is_live
        if order.role.closes:
            at_broker = {one.instrument_key: one.quantity for one in broker.positions()}
    return partial(
        claim, now=desk.now(), patience=desk.patience, actor=desk.actor, broker_is_live=is_live, at_broker=at_broker
    )


def _is_left_over(desk: Desk, order: OrderRow) -> bool:
    return order.updated_at + desk.patience.answer_within < desk.now()


def _is_known(desk: Desk, order: OrderRow) -> bool:
    """Whether the broker has an intent already, which a ledger restored from a backup would not know."""
    with desk.asking(order.account_id) as broker:
        found = broker.find(order.client_order_id)
    if found is None:
        return False
    desk.change(order, lambda one: told(one, found, desk.actor, desk.now(), desk.patience))
    return True
