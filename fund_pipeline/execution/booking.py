"""What a fill does: a fact, booked whatever our order's state says."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fund_pipeline.execution.ending import EndReason, rest_of
from fund_pipeline.execution.patience import PATIENCE, Patience
from fund_pipeline.execution.port import BrokerExecution
from fund_pipeline.execution.positions import PLACES, apply
from fund_pipeline.execution.troubles import (
    arrived_late,
    crossed_zero,
    filled_late,
    other_commission,
    overfilled,
    unknown_fill,
)
from fund_pipeline.ledger.account_model import Account, Trouble
from fund_pipeline.ledger.executions import Booking
from fund_pipeline.ledger.order_law import ENDED, after_fill
from fund_pipeline.ledger.order_model import UNATTRIBUTED, Change, Execution, OrderRow, OrderState, Position
from fund_pipeline.ledger.order_steps import Step
from fund_pipeline.terms import OrderRole

ACTOR = "fill"
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)


def settle(
    fill: Execution,
    told_as: str | None,
    order: OrderRow | None,
    position: Position | None,
    *,
    patience: Patience = PATIENCE,
) -> Booking:
    """The position after a fill, its order's change, and what a person must hear: an overfill, a fill of an order that
    is not ours (`told_as` is the client order id it came with), was taken for lost or had ended, an exit that crossed
    zero, a commission in another currency. An exit that was sent with less than it was to close has a next attempt."""
    troubles: list[Trouble] = []
    if fill.commission and fill.commission_currency != fill.currency:
        troubles.append(other_commission(order, fill))
    if order is None:
        troubles.append(unknown_fill(fill, told_as))
        return Booking(apply(position, fill), None, tuple(troubles))
    after = apply(position, fill, order)
    held = _ZERO if position is None else position.quantity
    if order.role.closes and fill.quantity and after.quantity != 0 and (held == 0 or held * after.quantity < 0):
        troubles.append(crossed_zero(order, fill, after.quantity))
    if order.reason == EndReason.NEVER_ARRIVED and fill.quantity:
        troubles.append(arrived_late(order))
    elif order.role is OrderRole.ENTRY and fill.quantity and order.state in ENDED - {OrderState.FILLED}:
        troubles.append(filled_late(order, fill, is_exited=order.cancel_for == EndReason.EXIT_FIRST))
    filled = order.filled_quantity + fill.quantity
    if filled > order.quantity:
        troubles.append(overfilled(order, fill, filled))
    return Booking(after, _filled(order, fill, filled, patience) if fill.quantity else None, tuple(troubles))


def as_execution(told: BrokerExecution, account: Account, received_at: datetime) -> Execution:
    """A broker's fill as the ledger books it; whose order and strategy it is, is found there."""
    return Execution(
        broker=account.broker,
        broker_account=account.broker_account,
        broker_execution_id=told.execution_id,
        client_order_id=told.client_order_id,
        account_id=account.account_id,
        strategy=UNATTRIBUTED,
        instrument_key=told.instrument_key,
        side=told.side,
        quantity=told.quantity,
        price=told.price,
        commission=told.commission,
        commission_currency=told.commission_currency,
        multiplier=told.multiplier,
        currency=told.currency,
        executed_at=told.executed_at,
        received_at=received_at,
    )


def _filled(order: OrderRow, fill: Execution, filled: Decimal, patience: Patience) -> Step:
    before = _EXACT.multiply(order.average_price or _ZERO, order.filled_quantity)
    average = _EXACT.divide(_EXACT.add(before, _EXACT.multiply(fill.price, fill.quantity)), filled)
    values = {
        "filled_quantity": filled,
        "average_price": average.quantize(PLACES, context=_EXACT),
        "acknowledged_at": order.acknowledged_at or fill.received_at,  # a fill may be told before the answer
    }
    detail = {
        "execution": fill.broker_execution_id,
        "quantity": str(fill.quantity),
        "price": str(fill.price),
        "filled": str(filled),
    }
    state = after_fill(order.state, filled, order.quantity)
    ends = state is OrderState.FILLED and order.state.is_live
    rest = rest_of(order, fill.received_at, patience) if ends else None
    return Step(order, Change(state, ACTOR, fill.received_at, None, detail, values), rest)
