"""Working orders are told what is to become of them: a wish in the ledger, which lasts until the broker has done it."""

from __future__ import annotations

from datetime import datetime

from fund_pipeline.execution.door import refusal
from fund_pipeline.execution.ending import EndReason
from fund_pipeline.execution.shares import Shares, share_out
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import Change, OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step
from fund_pipeline.ledger.standings import Standing, Verdict
from fund_pipeline.terms import OrderRole


def trim(standing: Standing, shares: Shares, actor: str, now: datetime) -> Verdict:
    """Wish that each working stop, target and exit close its share and no more, or be cancelled where it has none."""
    steps = []
    for order in standing.book:
        share = shares.of.get(order.client_order_id)
        if order.state is OrderState.INTENT or not order.role.closes or order.cancel_for is not None or share is None:
            continue
        if share == 0:
            steps.append(_wish(order, actor, now, cancel_for=EndReason.NO_SHARE_LEFT.value))
            continue
        wanted = order.filled_quantity + share
        if order.role is OrderRole.EXIT and wanted > order.quantity:
            continue
        if wanted != (order.wanted_quantity or order.quantity):
            back = wanted == order.quantity
            steps.append(_wish(order, actor, now, wanted_quantity=None if back else wanted))
    return Verdict(tuple(steps))


def trim_now(standing: Standing, actor: str, now: datetime) -> Verdict:
    """The same with the shares as they are now, asked about any of the position's orders that close."""
    held_back = refusal(standing, broker_is_live=standing.account.mode is TradingMode.LIVE)
    return trim(standing, share_out(standing, now, exits_may_go=held_back is None), actor, now)


def wish_cancel(order: OrderRow, reason: str, actor: str, now: datetime) -> Step:
    """Wish that an order be cancelled."""
    return _wish(order, actor, now, cancel_for=reason)


def _wish(order: OrderRow, actor: str, now: datetime, **wish: object) -> Step:
    detail = {name: None if value is None else str(value) for name, value in wish.items()}
    return Step(order, Change(order.state, actor, now, detail=detail, values=wish))
