"""Claimed orders at the broker: each sent once or given up, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from fund_pipeline.errors import TemporaryError
from fund_pipeline.execution.desk import BrokerAway, Desk
from fund_pipeline.execution.ending import EndReason, end
from fund_pipeline.execution.facts import answered
from fund_pipeline.execution.fills import POISON
from fund_pipeline.execution.port import Acknowledged, OrderRequest, RefusalCode, Rejected
from fund_pipeline.execution.resolving import mark_unknown, resolve
from fund_pipeline.execution.troubles import not_followed
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.order_model import OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step, change_orders

LOOK_AGAIN = timedelta(milliseconds=50)
"""A halt, or a wish to cancel, stops what is claimed and not sent within this."""

Wanted = Callable[[Sequence[OrderRow]], frozenset[str]]
"""Ids of those claimed orders that may still go."""


@dataclass(frozen=True)
class Answer:
    """What the broker said to an order, and when."""

    order: OrderRow
    said: Acknowledged | Rejected
    at: datetime

    def step(self, desk: Desk, order: OrderRow) -> Step | None:
        """The change that it makes; None when more is known already."""
        return answered(order, self.said, desk.actor, max(self.at, order.updated_at), desk.patience)


def deliver(desk: Desk, claimed: Sequence[OrderRow], wanted: Wanted) -> None:
    """Send claimed orders one after the other, then record what came of all of them, whatever happens meanwhile.

    Before one is sent, `wanted` is asked whether it may still go, unless that was a moment ago; the first is taken to
    be wanted. One that may not, or that comes too late, is given up: its next attempt is decided on like any other.
    """
    answers: list[Answer] = []
    looked, may_go = desk.now(), frozenset(one.client_order_id for one in claimed)
    try:
        for number, order in enumerate(claimed):
            if desk.now() > looked + LOOK_AGAIN:
                looked, may_go = desk.now(), wanted(claimed[number:])
            if order.client_order_id not in may_go:
                _give_up(desk, order, "it was not wanted any more when it was to be sent")
            elif (answer := _ask(desk, order)) is not None:
                answers.append(answer)
    finally:
        record(desk, answers)


def record(desk: Desk, answers: Sequence[Answer]) -> None:
    """Record answers, all in one transaction; each on its own where that cannot be, or somebody was faster."""
    steps = [(one, step) for one in answers if (step := one.step(desk, one.order)) is not None]
    if not steps:
        return
    changed: Sequence[OrderRow | None] = [None] * len(steps)
    try:
        changed = change_orders(desk.ledger, [step for _, step in steps])
    except TemporaryError:
        raise
    except POISON:
        pass  # one of them cannot be kept: the others are, one by one
    for (answer, _), row in zip(steps, changed, strict=True):
        if row is None:
            _record_alone(desk, answer)


def _record_alone(desk: Desk, answer: Answer) -> None:
    try:
        desk.change(answer.order, partial(answer.step, desk))
    except TemporaryError:
        raise
    except POISON as fault:
        raise_alert(desk.ledger, not_followed(answer.order, repr(fault)), desk.now())


def _ask(desk: Desk, order: OrderRow) -> Answer | None:
    """The broker's answer. None when there is none to record: the order is given up, or UNKNOWN."""
    claimed_at = order.submitted_at or order.updated_at
    if desk.now() > claimed_at + desk.patience.send_within:
        _give_up(desk, order, "it was to be sent, and its process slept or waited for the broker until that was late")
        return None
    try:
        with desk.asking(order.account_id) as broker:
            said = broker.submit(OrderRequest.of(order))
    except BrokerAway as silent:
        mark_unknown(desk, order, silent.message)
        return None
    except POISON as fault:  # a fault of ours or an answer that is none: nobody knows whether the broker has it
        mark_unknown(desk, order, repr(fault))
        raise_alert(desk.ledger, not_followed(order, repr(fault)), desk.now())
        return None
    if isinstance(said, Rejected) and said.code is RefusalCode.DUPLICATE_ID:
        _ask_for(desk, mark_unknown(desk, order, said.message))
        return None
    return Answer(order, said, desk.now())


def _give_up(desk: Desk, order: OrderRow, why: str) -> None:
    """End an order that this process claimed and has not sent: nobody else sends it, so that it never arrives."""

    def step(one: OrderRow) -> Step | None:
        if one.state not in (OrderState.SUBMITTED, OrderState.UNKNOWN):
            return None
        after = OrderState.REJECTED if one.cancel_for is None else OrderState.CANCELLED
        return end(one, after, EndReason.NEVER_ARRIVED.value, why, desk.actor, desk.now(), desk.patience)

    desk.change(order, step)


def _ask_for(desk: Desk, order: OrderRow) -> None:
    try:
        resolve(desk, order)
    except BrokerAway:
        return  # it is UNKNOWN: `follow` asks again
