"""What a broker says of an order, as a change of ours. Pure; fills are booked from executions only."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fund_pipeline.execution.ending import EndReason, end, rest_of
from fund_pipeline.execution.patience import Patience
from fund_pipeline.execution.port import Acknowledged, BrokerOrder, BrokerOrderState, Rejected
from fund_pipeline.ledger.order_model import Change, OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step

_NOT_YET_KNOWN = (OrderState.INTENT, OrderState.SUBMITTED, OrderState.UNKNOWN)
_ENDS = {
    BrokerOrderState.CANCELLED: (OrderState.CANCELLED, EndReason.CANCELLED_AT_BROKER),
    BrokerOrderState.REJECTED: (OrderState.REJECTED, "REJECTED_AT_BROKER"),
    BrokerOrderState.EXPIRED: (OrderState.EXPIRED, EndReason.EXPIRED),
}


def answered(
    order: OrderRow, answer: Acknowledged | Rejected, actor: str, now: datetime, patience: Patience
) -> Step | None:
    """The change that the answer to a submission makes; None when more is known already."""
    if isinstance(answer, Acknowledged):
        return _known(order, answer.broker_order_id, actor, now)
    if order.state not in (OrderState.SUBMITTED, OrderState.UNKNOWN):
        return None
    return end(order, OrderState.REJECTED, answer.code.value, answer.message, actor, now, patience)


def told(order: OrderRow, found: BrokerOrder, actor: str, now: datetime, patience: Patience) -> Step | None:
    """The change that the broker's word on a live order makes; None when it says what we know.

    An order is not ended before all fills that the broker tells of are booked.
    """
    if fills_missing(order, found) or found.state is BrokerOrderState.WORKING:
        return _known(order, found.broker_order_id, actor, now) or _working(order, found, actor, now)
    if found.state is BrokerOrderState.FILLED:
        values = {"quantity": found.quantity, "broker_order_id": found.broker_order_id}
        change = Change(OrderState.FILLED, actor, now, values=values)
        return Step(order, change, rest_of(replace(order, quantity=found.quantity), now, patience))
    after, reason = _ENDS[found.state]
    return end(order, after, str(reason), found.message, actor, now, patience)


def fills_missing(order: OrderRow, found: BrokerOrder) -> bool:
    """Whether the broker tells of more fills than are booked."""
    return found.filled_quantity > order.filled_quantity


def _known(order: OrderRow, broker_order_id: str, actor: str, now: datetime) -> Step | None:
    if order.state not in _NOT_YET_KNOWN:
        if order.broker_order_id is not None:
            return None
        values = {"broker_order_id": broker_order_id, "acknowledged_at": order.acknowledged_at or now}
        return Step(order, Change(order.state, actor, now, values=values))
    after = OrderState.PARTIALLY_FILLED if order.filled_quantity else OrderState.ACKNOWLEDGED
    values = {
        "broker_order_id": broker_order_id,
        "acknowledged_at": order.acknowledged_at or now,
        "submitted_at": order.submitted_at or now,
    }
    return Step(order, Change(after, actor, now, detail={"broker_order_id": broker_order_id}, values=values))


def _working(order: OrderRow, found: BrokerOrder, actor: str, now: datetime) -> Step | None:
    done = order.wanted_quantity is not None and found.quantity == order.wanted_quantity
    if found.quantity == order.quantity and not done:
        return None
    after = order.state
    if order.state is OrderState.PENDING_REPLACE and done:
        after = OrderState.PARTIALLY_FILLED if order.filled_quantity else OrderState.ACKNOWLEDGED
    wanted = None if done else order.wanted_quantity
    values = {"quantity": found.quantity, "wanted_quantity": wanted}
    return Step(order, Change(after, actor, now, detail={"quantity": str(found.quantity)}, values=values))
