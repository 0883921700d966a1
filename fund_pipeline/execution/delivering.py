"""A claimed order at the broker: sent once, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fund_pipeline.execution.desk import BrokerAway, Desk
from fund_pipeline.execution.facts import answered
from fund_pipeline.execution.port import Acknowledged, OrderRequest, RefusalCode, Rejected
from fund_pipeline.execution.resolving import mark_unknown, resolve
from fund_pipeline.ledger.order_model import OrderRow
from fund_pipeline.ledger.order_steps import Step, change_orders


@dataclass(frozen=True)
class Answer:
    """What the broker said to an order, and when."""

    order: OrderRow
    said: Acknowledged | Rejected
    at: datetime

    def step(self, desk: Desk, order: OrderRow) -> Step | None:
        """The change that it makes; None when more is known already."""
        return answered(order, self.said, desk.actor, self.at, desk.patience)


def deliver(desk: Desk, order: OrderRow) -> Answer | None:
    """Send a claimed order. None when there is no answer to record: it is UNKNOWN then, or will be asked for."""
    claimed_at = order.submitted_at or order.updated_at
    if desk.now() > claimed_at + desk.patience.send_within:
        return None  # this process slept: another may take it for dead already, so it is asked for instead
    try:
        with desk.asking(order.account_id) as broker:
            said = broker.submit(OrderRequest.of(order))
    except BrokerAway as silent:
        mark_unknown(desk, order, silent.message)
        return None
    if isinstance(said, Rejected) and said.code is RefusalCode.DUPLICATE_ID:
        _ask_for(desk, mark_unknown(desk, order, said.message))
        return None
    return Answer(order, said, desk.now())


def record(desk: Desk, answers: Sequence[Answer]) -> None:
    """Record answers, all in one transaction; those to orders that somebody else has changed meanwhile on their own."""
    steps = [(one, step) for one in answers if (step := one.step(desk, one.order)) is not None]
    if not steps:
        return
    changed = change_orders(desk.ledger, [step for _, step in steps])
    for (answer, _), row in zip(steps, changed, strict=True):
        if row is None:
            desk.change(answer.order, partial(answer.step, desk))


def _ask_for(desk: Desk, order: OrderRow) -> None:
    try:
        resolve(desk, order)
    except BrokerAway:
        return  # it is UNKNOWN: `follow` asks again
