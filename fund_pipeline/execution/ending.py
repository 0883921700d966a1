"""The end of an order, and the attempt that follows one that closes a position and did not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.execution.ids import client_order_id
from fund_pipeline.execution.patience import Patience
from fund_pipeline.execution.troubles import about_order, exit_failed
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.order_model import Change, OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step
from fund_pipeline.terms import OrderRole

_ZERO = Decimal(0)


class EndReason(StrEnum):
    """Why an order ended, or is to end, where the broker's own code does not say it."""

    NEVER_ARRIVED = "NEVER_ARRIVED"
    NOT_SENT = "NOT_SENT"
    NOTHING_TO_CLOSE = "NOTHING_TO_CLOSE"
    ENTRY_NOT_FILLED = "ENTRY_NOT_FILLED"
    NO_SHARE_LEFT = "NO_SHARE_LEFT"
    EXPIRED = "EXPIRED"
    EXIT_FIRST = "EXIT_FIRST"
    CANCEL_SIGNAL = "CANCEL_SIGNAL"
    CANCELLED_AT_BROKER = "CANCELLED_AT_BROKER"
    REPLACE_REFUSED = "REPLACE_REFUSED"


def end(
    order: OrderRow, after: OrderState, reason: str, message: str, actor: str, now: datetime, patience: Patience
) -> Step:
    """End an order without its being filled, known to be dead at the broker.

    What closes a position is followed by the next attempt at what it did not fill, after a pause that grows, unless it
    was us who ended it; a person hears of it until somebody answers. An entry that never arrived is followed by another
    while it is fresh.
    """
    if after is OrderState.CANCELLED and order.cancel_for is not None:
        reason = order.cancel_for
        after = OrderState.EXPIRED if reason == EndReason.EXPIRED else after
    change = Change(after, actor, now, reason, {"message": message}, {"message": message})
    if order.remaining == _ZERO:
        return Step(order, change)
    by_us = order.cancel_for is not None and order.cancel_for != EndReason.REPLACE_REFUSED
    if order.role.closes:
        if by_us:
            return Step(order, change)
        troubles = () if order.cancel_for else (exit_failed(order, f"{reason}: {message}"),)
        return Step(
            order, change, successor(order, order.planned_quantity - order.filled_quantity, now, patience), troubles
        )
    if reason != EndReason.NEVER_ARRIVED or by_us:
        return Step(order, change)
    if order.created_at + patience.entry_again_within >= now:
        return Step(order, change, successor(order, order.remaining, now, patience))
    late = about_order(
        order, Severity.WARNING, "ENTRY_NEVER_SENT", "it never reached the broker, and is too old now", "send it anew"
    )
    return Step(order, change, troubles=(late,))


def rest_of(order: OrderRow, now: datetime, patience: Patience) -> OrderRow | None:
    """The attempt that follows an exit which is filled, but was sent with less than it was to close: the broker held
    less then, or was behind."""
    rest = order.planned_quantity - order.quantity
    return successor(order, rest, now, patience) if order.role is OrderRole.EXIT and rest > _ZERO else None


def successor(order: OrderRow, quantity: Decimal, now: datetime, patience: Patience) -> OrderRow:
    """The next attempt at an order that is known to be dead, after a pause that grows."""
    attempt = order.attempt + 1
    return replace(
        order,
        client_order_id=client_order_id(order.signal_id, order.leg, order.account_id, order.role, attempt),
        attempt=attempt,
        state=OrderState.INTENT,
        planned_quantity=quantity,
        quantity=quantity,
        filled_quantity=_ZERO,
        average_price=None,
        wanted_quantity=None,
        cancel_for=None,
        waits_for=(),
        close_fraction=None,
        close_base=None,
        not_before=now + patience.pause_before(attempt),
        broker_order_id=None,
        reason=None,
        message="",
        created_at=order.created_at,
        updated_at=now,
        submitted_at=None,
        acknowledged_at=None,
        closed_at=None,
        revision=0,
    )
