"""Orders of both sides, by client order id. Pure: what is in doubt is asked for, and nothing is sent or cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fund_pipeline.execution.ids import LENGTH
from fund_pipeline.execution.port import BrokerOrder, BrokerOrderState
from fund_pipeline.ledger.break_model import BreakKind, Difference
from fund_pipeline.ledger.order_model import OrderRow, OrderState

OURS = "fp"
"""How ids of ours begin."""


@dataclass(frozen=True)
class Compared:
    """What stands, and the orders on which the broker's word is to be taken, each with what differs."""

    standing: tuple[Difference, ...]
    to_take: tuple[tuple[Difference, BrokerOrder], ...]
    lost: tuple[Difference, ...]


def in_question(orders: Sequence[OrderRow], settled_before: datetime) -> tuple[OrderRow, ...]:
    """Live orders that the broker should know of: not intents, nor those whose answer may still be on its way."""
    return tuple(
        one
        for one in orders
        if one.state is not OrderState.INTENT
        and (one.state is not OrderState.SUBMITTED or (one.submitted_at or one.updated_at) <= settled_before)
    )


def compare_orders(
    orders: Sequence[OrderRow],
    ended: Mapping[str, OrderRow],
    live: frozenset[str],
    open_orders: Sequence[BrokerOrder],
    found: Mapping[str, BrokerOrder | None],
) -> Compared:
    """The union of both sides. `orders` are those in question, `live` the ids of all live ones.

    An order that the broker was not asked about is not judged.
    """
    works = {one.client_order_id: one for one in open_orders if one.client_order_id is not None}
    standing: list[Difference] = []
    to_take: list[tuple[Difference, BrokerOrder]] = []
    lost: list[Difference] = []
    for order in orders:
        word = works.get(order.client_order_id) or found.get(order.client_order_id)
        if word is not None:
            _heard(order, word, standing, to_take)
        elif order.client_order_id in found:
            lost.append(_lost(order))
    standing += [_stranger(one, ended) for one in open_orders if one.client_order_id not in live]
    return Compared(tuple(standing), tuple(to_take), tuple(lost))


def _heard(
    order: OrderRow, word: BrokerOrder, standing: list[Difference], to_take: list[tuple[Difference, BrokerOrder]]
) -> None:
    if word.filled_quantity > order.filled_quantity:
        words = (
            f"{word.filled_quantity} of it are filled at the broker, whose executions come to {order.filled_quantity}"
        )
        standing.append(_of(BreakKind.ORDER_FILLS_UNTOLD, order, words, order.filled_quantity, word.filled_quantity))
    elif word.state is not BrokerOrderState.WORKING:
        words = f"it is {order.state.value} in our books, and {word.state.value} at the broker"
        to_take.append((_of(BreakKind.ORDER_ENDED, order, words), word))
    elif word.quantity != order.quantity and order.wanted_quantity is None:
        words = f"it is of {order.quantity} in our books, and of {word.quantity} at the broker"
        to_take.append((_of(BreakKind.ORDER_DIFFERS, order, words, order.quantity, word.quantity), word))
    elif order.state in (OrderState.UNKNOWN, OrderState.SUBMITTED):
        to_take.append((_of(BreakKind.ORDER_UNKNOWN, order, "the broker has it, and we did not know"), word))


def _lost(order: OrderRow) -> Difference:
    if order.acknowledged_at is not None:
        return _of(BreakKind.ORDER_MISSING, order, "the broker had acknowledged it, and does not know it any more")
    return _of(BreakKind.ORDER_UNKNOWN, order, "nobody knows whether the broker has it")


def _of(
    kind: BreakKind, order: OrderRow, words: str, ours: Decimal | None = None, theirs: Decimal | None = None
) -> Difference:
    message = f"{order.role.value} order {order.client_order_id}, {order.side.value} {order.instrument_key}: {words}"
    return Difference(kind, order.client_order_id, message, order.instrument_key, ours, theirs)


def _stranger(one: BrokerOrder, ended: Mapping[str, OrderRow]) -> Difference:
    name = one.client_order_id
    what = f"{one.side.value} {one.quantity} {one.instrument_key}"
    subject = name or one.broker_order_id
    if name in ended:
        words = f"the broker works {name}, {what}, which has ended by our books"
        return Difference(BreakKind.ORDER_STILL_WORKING, subject, words, one.instrument_key)
    if name is not None and len(name) == LENGTH and name.startswith(OURS):
        words = f"the broker works {name}, {what}, which is not in the ledger"
        return Difference(BreakKind.ORDER_ORPHAN, subject, words, one.instrument_key)
    words = f"the broker works {one.broker_order_id}, {what}, which was not placed by us"
    return Difference(BreakKind.ORDER_EXTERNAL, one.broker_order_id, words, one.instrument_key)
