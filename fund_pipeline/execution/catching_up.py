"""Entries that filled after their exit had gone: the exit's next attempt closes what they brought."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from fund_pipeline.execution.desk import Desk
from fund_pipeline.execution.ending import EndReason, successor
from fund_pipeline.execution.shares import follows_from, lots_of
from fund_pipeline.ledger.order_model import Change, OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step
from fund_pipeline.ledger.orders import entries_cancelled_for, exits_after, orders_by_id
from fund_pipeline.ledger.standings import Standing, Verdict, decide_on
from fund_pipeline.lots import held_by

_ZERO = Decimal(0)


def catch_up(desk: Desk, filled: Sequence[str]) -> None:
    """Let exits close what entries, that were cancelled for them, filled too late for them. Safe to repeat.

    `filled` are client order ids of orders of which something was filled.
    """
    for entry in entries_cancelled_for(desk.ledger, EndReason.EXIT_FIRST.value, filled):
        for attempts in exits_after(desk.ledger, entry):
            entries = tuple(orders_by_id(desk.ledger, attempts[0].waits_for).values())
            decide = partial(_rest, desk=desk, entry=entry, entries=entries, attempts=attempts)
            decide_on(desk.ledger, attempts[-1].client_order_id, decide, desk.now())


def _rest(
    standing: Standing, *, desk: Desk, entry: OrderRow, entries: tuple[OrderRow, ...], attempts: tuple[OrderRow, ...]
) -> Verdict:
    first, last = attempts[0], standing.order
    if last.state is OrderState.INTENT and last.close_fraction is not None:
        return Verdict()  # what it closes follows from the fills when it is sent
    lot = held_by(lots_of(standing), entry.signal_id, entry.leg)
    closed = sum((one.filled_quantity for one in attempts[:-1]), last.filled_quantity)
    coming = last.planned_quantity - last.filled_quantity if last.state.is_live else _ZERO
    missing = lot if first.close_base is None else min(follows_from(first, entries) - closed, lot)
    missing -= coming
    if missing <= 0:
        return Verdict()
    detail = {"entry": entry.client_order_id, "missing": str(missing)}
    if not last.state.is_live:
        next_attempt = successor(last, missing, desk.now(), desk.patience)
        return Verdict((Step(last, Change(last.state, desk.actor, desk.now(), detail=detail), next_attempt),))
    more: dict[str, Decimal] = {"planned_quantity": last.planned_quantity + missing}
    if last.state is OrderState.INTENT:
        more["quantity"] = last.quantity + missing
    return Verdict((Step(last, Change(last.state, desk.actor, desk.now(), detail=detail, values=more)),))
