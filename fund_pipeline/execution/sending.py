"""From intent to the broker's answer: claimed in the ledger first, sent once, then the outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial

from fund_pipeline.execution.claiming import claim
from fund_pipeline.execution.desk import BrokerAway, Desk
from fund_pipeline.execution.facts import answered, told
from fund_pipeline.execution.patience import PATIENCE, Patience
from fund_pipeline.execution.port import Broker, OrderRequest, RefusalCode, Rejected
from fund_pipeline.execution.resolving import mark_unknown, resolve
from fund_pipeline.execution.troubles import broker_away
from fund_pipeline.execution.wishes import fulfil
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.order_model import OrderRow, OrderState
from fund_pipeline.ledger.orders import live_orders, orders_by_id
from fund_pipeline.ledger.standings import Standing, Verdict, decide_on, stand
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
) -> tuple[OrderRow, ...]:
    """Send every intent that may go now, exits before entries; those that were intents, as they are then.

    Each is committed as SUBMITTED before the broker is asked, and its outcome after. When no answer comes it is UNKNOWN
    and is asked for from then on (`follow`), never sent again. An intent that a dead process left is asked for first.
    Stops and targets wait for their entry's fill; exits for what `waits_for` names and for stops to be cut.

    `brokers` holds one per account id; intents of other accounts stay. `only` those client order ids. TemporaryError
    when the ledger is away: what was sent by then is found again.
    """
    desk = Desk(ledger, brokers, now, patience, actor)
    intents = [one for one in live_orders(ledger, only=only) if one.state is OrderState.INTENT]
    intents = [one for one in intents if one.account_id in brokers]
    away: set[str] = set()
    for order in sorted(intents, key=lambda one: one.role is OrderRole.ENTRY):
        if order.account_id in away:
            continue
        try:
            _send(desk, order)
        except BrokerAway as silent:
            away.add(order.account_id)
            severity = Severity.CRITICAL if order.role.closes else Severity.WARNING
            raise_alert(ledger, broker_away(order.account_id, order.fund_id, silent.message, severity), now())
    found = orders_by_id(ledger, [one.client_order_id for one in intents])
    return tuple(found[one.client_order_id] for one in intents)


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
            _deliver(desk, claimed)
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


def _deliver(desk: Desk, order: OrderRow) -> None:
    claimed_at = order.submitted_at or order.updated_at
    if desk.now() > claimed_at + desk.patience.send_within:
        return  # this process slept: another may take it for dead already, so it is asked for instead
    try:
        with desk.asking(order.account_id) as broker:
            answer = broker.submit(OrderRequest.of(order))
    except BrokerAway as silent:
        mark_unknown(desk, order, silent.message)
        return
    if isinstance(answer, Rejected) and answer.code is RefusalCode.DUPLICATE_ID:
        resolve(desk, mark_unknown(desk, order, answer.message))
        return
    desk.change(order, lambda one: answered(one, answer, desk.actor, desk.now(), desk.patience))
