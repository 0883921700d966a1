"""What working orders are to become is asked of the broker, again and again until it is so. Both are safe to repeat."""

from __future__ import annotations

from dataclasses import replace

from fund_pipeline.execution.desk import Desk
from fund_pipeline.execution.ending import EndReason, end
from fund_pipeline.execution.port import Rejected
from fund_pipeline.execution.resolving import resolve
from fund_pipeline.execution.trimming import wish_cancel
from fund_pipeline.execution.troubles import about_order
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.order_model import Change, OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step


def fulfil(desk: Desk, order: OrderRow) -> OrderRow:
    """Cancel or change an order as wished, if the broker has it; the order as it is then. BrokerAway: try again later.

    An intent is cancelled at once; an order of which nobody knows whether the broker has it waits until that is known.
    """
    if order.cancel_for is not None:
        return _cancel(desk, order)
    if order.wanted_quantity is not None:
        return _modify(desk, order)
    return order


def _cancel(desk: Desk, order: OrderRow) -> OrderRow:
    if order.state is OrderState.INTENT:
        return desk.change(order, lambda one: _withdrawn(desk, one))
    if not order.state.is_at_broker:
        return order
    asked = desk.change(order, lambda one: _to(one, OrderState.PENDING_CANCEL, desk))
    if asked.state is not OrderState.PENDING_CANCEL:
        return asked
    with desk.asking(order.account_id) as broker:
        broker.cancel(order.client_order_id)  # its word on the order itself is taken next, whatever it answers
    after = resolve(desk, asked)
    if after.state is OrderState.PENDING_CANCEL:
        _alert_overdue(desk, after)
    return after


def _modify(desk: Desk, order: OrderRow) -> OrderRow:
    if not order.state.is_at_broker or order.state is OrderState.PENDING_CANCEL:
        return order
    asked = desk.change(order, lambda one: _to(one, OrderState.PENDING_REPLACE, desk))
    if asked.state is not OrderState.PENDING_REPLACE or asked.wanted_quantity is None:
        return asked
    wanted = asked.wanted_quantity
    with desk.asking(order.account_id) as broker:
        answer = broker.modify(order.client_order_id, wanted, asked.limit_price, asked.stop_price)
    after = resolve(desk, asked)
    if isinstance(answer, Rejected) and after.state is OrderState.PENDING_REPLACE:
        refused = desk.change(after, lambda one: _refused(one, answer, desk))
        return _cancel(desk, refused) if refused.cancel_for is not None else refused
    return after


def _withdrawn(desk: Desk, order: OrderRow) -> Step | None:
    if order.state is not OrderState.INTENT:
        return None
    return end(order, OrderState.CANCELLED, EndReason.NOT_SENT, "", desk.actor, desk.now(), desk.patience)


def _to(order: OrderRow, after: OrderState, desk: Desk) -> Step | None:
    if order.state is after or not order.state.is_at_broker:
        return None
    if after is OrderState.PENDING_REPLACE and (order.wanted_quantity is None or order.cancel_for is not None):
        return None
    return Step(order, Change(after, desk.actor, desk.now(), order.cancel_for))


def _refused(order: OrderRow, answer: Rejected, desk: Desk) -> Step | None:
    """A broker that does not change an order cancels it; what closes a position is then sent anew, in its new size."""
    if order.state is not OrderState.PENDING_REPLACE or order.cancel_for is not None:
        return None
    step = wish_cancel(order, EndReason.REPLACE_REFUSED.value, desk.actor, desk.now())
    detail = {**step.change.detail, "message": answer.message}
    return replace(step, change=replace(step.change, detail=detail))


def _alert_overdue(desk: Desk, order: OrderRow) -> None:
    if desk.now() >= order.updated_at + desk.patience.unknown_deadline:
        told = about_order(
            order,
            Severity.CRITICAL,
            "CANCEL_NOT_DONE",
            f"it was to be cancelled ({order.cancel_for}), and the broker has not done it",
            "cancel it at the broker",
        )
        raise_alert(desk.ledger, told, desk.now())
