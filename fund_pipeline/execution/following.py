"""Following orders to their end: fills, states, wishes, retries and what is overdue. Safe to repeat, by any process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from fund_pipeline.errors import TemporaryError
from fund_pipeline.execution.catching_up import catch_up
from fund_pipeline.execution.desk import BrokerAway, Desk
from fund_pipeline.execution.ending import EndReason
from fund_pipeline.execution.facts import fills_missing
from fund_pipeline.execution.fills import POISON, book_fills
from fund_pipeline.execution.ids import LENGTH
from fund_pipeline.execution.patience import PATIENCE, Patience
from fund_pipeline.execution.port import Broker, BrokerOrder, BrokerOrderState
from fund_pipeline.execution.resolving import alert_overdue, mark_overdue, take_word
from fund_pipeline.execution.sending import submit_intents
from fund_pipeline.execution.trimming import trim_now, wish_cancel
from fund_pipeline.execution.troubles import account_not_followed, broker_away, not_followed, still_working, stranger
from fund_pipeline.execution.wishes import fulfil
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.accounts import get_account
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.order_model import Execution, OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step
from fund_pipeline.ledger.orders import live_orders, orders_by_id
from fund_pipeline.ledger.standings import decide_on, stand
from fund_pipeline.terms import OrderRole


@dataclass(frozen=True)
class Followed:
    """What one pass did: the fills it booked, the orders that were live before it, as they are now, and the accounts
    whose broker did not answer."""

    booked: tuple[Execution, ...]
    orders: tuple[OrderRow, ...]
    away: tuple[str, ...]


def follow(
    ledger: Ledger,
    brokers: Mapping[str, Broker],
    now: Callable[[], datetime],
    *,
    glance: bool = False,
    patience: Patience = PATIENCE,
    actor: str = "execution",
) -> Followed:
    """One pass over the accounts of `brokers`, in this order.

    Fills are booked; each live order takes the broker's word on it, UNKNOWN ones and those of dead processes too;
    orders that we hold for ended and the broker still works are cancelled; entries past their time, and stops, targets
    and exits beyond their share, are cancelled or cut; then what may go now is sent: stops and targets of filled
    entries, failed exits whose pause is over, and whatever was left. A broker that is away holds up its own account
    only. TemporaryError when the ledger is.

    A `glance` asks for the newest fills alone, and for as many as ever once a broker says that more was filled of an
    order that lives. It leaves to the next whole pass what comes late, or from a clock that is behind.
    """
    desk = Desk(ledger, brokers, now, patience, actor)
    before = [one for account_id in brokers for one in live_orders(ledger, account_id)]
    booked: list[Execution] = []
    away = []
    for account_id in brokers:
        try:
            _follow_account(desk, account_id, booked, patience.glance if glance else patience.overlap)
        except BrokerAway as silent:
            away.append(account_id)
            _alert_away(desk, account_id, silent)
        except TemporaryError:
            raise
        except POISON as fault:  # whatever ails one account must not hold up the exits of the others
            away.append(account_id)
            raise_alert(ledger, account_not_followed(account_id, repr(fault)), now())
    reached = {name: brokers[name] for name in brokers if name not in away}
    submit_intents(ledger, reached, now, patience=patience, actor=actor)
    after = orders_by_id(ledger, [one.client_order_id for one in before])
    return Followed(tuple(booked), tuple(after[one.client_order_id] for one in before), tuple(away))


def _book(desk: Desk, account_id: str, booked: list[Execution], overlap: timedelta) -> None:
    filled: set[str] = set()
    try:
        for page in book_fills(desk, account_id, overlap):
            booked += page.booked
            filled.update(page.filled)
    finally:
        # Also of what came before a broker fell silent; and not only of what is new: who booked it may have died.
        catch_up(desk, tuple(filled))


def _follow_account(desk: Desk, account_id: str, booked: list[Execution], overlap: timedelta) -> None:
    _book(desk, account_id, booked, overlap)
    with desk.asking(account_id) as broker:
        open_orders = {one.client_order_id: one for one in broker.open_orders() if one.client_order_id is not None}
    live = [mark_overdue(desk, one) for one in live_orders(desk.ledger, account_id)]
    at_stake = [one for one in live if one.state not in (OrderState.INTENT, OrderState.SUBMITTED)]
    at_stake += [one for one in live if one.state is OrderState.SUBMITTED and one.client_order_id in open_orders]
    heard = {one.client_order_id: _word(desk, one, open_orders) for one in at_stake}
    if any(_tells_more(one, found) for one, found in _pairs(at_stake, heard)):
        _book(desk, account_id, booked, desk.patience.overlap)
        at_stake = list(orders_by_id(desk.ledger, heard).values())
    for order, found in _pairs(at_stake, heard):
        if order.state.is_live:
            _take(desk, order, found)
    _look_for_strangers(desk, account_id, open_orders)
    _cut(desk, account_id)


def _take(desk: Desk, order: OrderRow, found: BrokerOrder | None) -> None:
    """Take the broker's word on one order; a word that cannot be taken is told to a person, and holds up no other."""
    try:
        alert_overdue(desk, take_word(desk, order, found), found)
    except TemporaryError:
        raise
    except POISON as fault:
        raise_alert(desk.ledger, not_followed(order, repr(fault)), desk.now())


def _tells_more(order: OrderRow, found: BrokerOrder | None) -> bool:
    return found is not None and found.filled_quantity.is_finite() and fills_missing(order, found)


def _word(desk: Desk, order: OrderRow, open_orders: Mapping[str, BrokerOrder]) -> BrokerOrder | None:
    if order.client_order_id in open_orders:
        return open_orders[order.client_order_id]
    with desk.asking(order.account_id) as broker:
        return broker.find(order.client_order_id)


def _pairs(
    orders: Sequence[OrderRow], heard: Mapping[str, BrokerOrder | None]
) -> list[tuple[OrderRow, BrokerOrder | None]]:
    return [(one, heard[one.client_order_id]) for one in orders]


def _look_for_strangers(desk: Desk, account_id: str, open_orders: Mapping[str, BrokerOrder]) -> None:
    """Orders under ids of ours that the broker works and we do not: ended by our books, or not in them at all."""
    ours = orders_by_id(desk.ledger, [name for name in open_orders if len(name) == LENGTH])
    for name, found in open_orders.items():
        order = ours.get(name)
        if order is None and len(name) == LENGTH and name.startswith("fp"):
            raise_alert(desk.ledger, stranger(account_id, found), desk.now())
        if order is None or order.state.is_live:
            continue
        with desk.asking(account_id) as broker:
            again = broker.find(name)
            if again is None or again.state is not BrokerOrderState.WORKING:
                continue
            raise_alert(desk.ledger, still_working(order), desk.now())
            broker.cancel(name)


def _cut(desk: Desk, account_id: str) -> None:
    for order in live_orders(desk.ledger, account_id):
        late = order.expires_at is not None and order.expires_at <= desk.now()
        if late and order.role is OrderRole.ENTRY and order.cancel_for is None:
            desk.change(order, lambda one: _expired(desk, one))
    seen = set()
    for order in live_orders(desk.ledger, account_id):
        if not order.role.closes or order.book in seen:
            continue
        seen.add(order.book)
        decide = partial(trim_now, actor=desk.actor, now=desk.now())
        if decide(stand(desk.ledger, order.client_order_id)):
            decide_on(desk.ledger, order.client_order_id, decide, desk.now())
    for order in live_orders(desk.ledger, account_id):
        fulfil(desk, order)


def _expired(desk: Desk, order: OrderRow) -> Step | None:
    if not order.state.is_live or order.cancel_for is not None:
        return None
    return wish_cancel(order, EndReason.EXPIRED.value, desk.actor, desk.now())


def _alert_away(desk: Desk, account_id: str, silent: BrokerAway) -> None:
    live = [mark_overdue(desk, one) for one in live_orders(desk.ledger, account_id)]
    severity = Severity.CRITICAL if any(one.role.closes for one in live) else Severity.WARNING
    fund_id = get_account(desk.ledger, account_id).fund_id
    raise_alert(desk.ledger, broker_away(account_id, fund_id, silent.message, severity), desk.now())
    for order in live:
        alert_overdue(desk, order)
