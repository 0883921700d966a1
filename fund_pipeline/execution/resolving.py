"""Orders of which nobody knows whether the broker has them: only the broker can say."""

from __future__ import annotations

from fund_pipeline.execution.desk import Desk
from fund_pipeline.execution.ending import EndReason, end
from fund_pipeline.execution.facts import fills_missing, told
from fund_pipeline.execution.port import BrokerOrder
from fund_pipeline.execution.troubles import order_unknown
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.order_model import Change, OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step

NO_ANSWER = "NO_ANSWER"
NOT_FOUND = "NOT_FOUND"


def mark_unknown(desk: Desk, order: OrderRow, message: str) -> OrderRow:
    """A claimed order whose outcome did not come. Whatever is known by now stays."""

    def step(one: OrderRow) -> Step | None:
        if one.state is not OrderState.SUBMITTED:
            return None
        return Step(one, Change(OrderState.UNKNOWN, desk.actor, desk.now(), NO_ANSWER, {"message": message}))

    return desk.change(order, step)


def mark_overdue(desk: Desk, order: OrderRow) -> OrderRow:
    """A claimed order whose process has not written an outcome in time is UNKNOWN: that process is taken for dead."""
    since = order.submitted_at or order.updated_at
    if order.state is OrderState.SUBMITTED and desk.now() >= since + desk.patience.answer_within:
        return mark_unknown(desk, order, "the process that sent it has not said what came of it")
    return order


def resolve(desk: Desk, order: OrderRow) -> OrderRow:
    """Ask the broker for the order, and take its word. BrokerAway.

    The broker's certain no proves that it never arrived only once nothing can be on its way to it any more; then, and
    only then, the order is dead. An order that the broker had acknowledged is never taken for dead by its no.
    """
    with desk.asking(order.account_id) as broker:
        found = broker.find(order.client_order_id)
    return take_word(desk, order, found)


def take_word(desk: Desk, order: OrderRow, found: BrokerOrder | None) -> OrderRow:
    """The same with what the broker has said."""
    if found is None:
        return desk.change(order, lambda one: _not_found(desk, one))
    return desk.change(order, lambda one: _told(desk, one, found))


def alert_overdue(desk: Desk, order: OrderRow, found: BrokerOrder | None = None) -> None:
    """Page a person for an order that is UNKNOWN, or lacks fills that the broker tells of, past the deadline."""
    since = order.submitted_at or order.updated_at
    if order.state is OrderState.UNKNOWN and desk.now() >= since + desk.patience.unknown_deadline:
        raise_alert(desk.ledger, order_unknown(order, "the broker has not said whether it has it"), desk.now())
        return
    overdue = desk.now() >= order.updated_at + desk.patience.unknown_deadline
    if found is not None and order.state.is_live and overdue and fills_missing(order, found):
        missing = found.filled_quantity - order.filled_quantity
        message = f"the broker says {found.filled_quantity} are filled, and gives no execution for {missing}"
        raise_alert(desk.ledger, order_unknown(order, message), desk.now())


def _told(desk: Desk, order: OrderRow, found: BrokerOrder) -> Step | None:
    return told(order, found, desk.actor, desk.now(), desk.patience) if order.state.is_live else None


def _not_found(desk: Desk, order: OrderRow) -> Step | None:
    now = desk.now()
    if order.state.is_at_broker:
        lost = "the broker had acknowledged it, and does not know it any more"
        change = Change(OrderState.UNKNOWN, desk.actor, now, NOT_FOUND, {"message": lost})
        return Step(order, change, troubles=(order_unknown(order, lost),))
    if order.state is not OrderState.UNKNOWN or order.acknowledged_at is not None:
        return None
    if now < (order.submitted_at or order.updated_at) + desk.patience.settle:
        return None
    message = "the broker does not know it, and nothing can be on its way any more"
    return end(order, OrderState.REJECTED, EndReason.NEVER_ARRIVED, message, desk.actor, now, desk.patience)
