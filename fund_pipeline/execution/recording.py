"""From a decision to its intents, in one transaction: what was decided is never half there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, Context, Decimal
from functools import partial
from typing import Any

from fund_pipeline.cerebro.sizing.model import Action, ActionKind, Decision, PlannedOrder
from fund_pipeline.errors import InvariantError
from fund_pipeline.execution.ending import EndReason
from fund_pipeline.execution.ids import client_order_id, decision_id, oca_group
from fund_pipeline.execution.patience import PATIENCE, Patience
from fund_pipeline.execution.positions import PLACES
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity, Trouble
from fund_pipeline.ledger.decisions import NewDecision, StoredDecision, store_decisions
from fund_pipeline.ledger.order_model import DecisionRow, OrderRow, OrderState
from fund_pipeline.terms import OrderRole, OrderType, Side

_ZERO = Decimal(0)
_ONE = Decimal(1)
_UPWARDS = Context(prec=80, rounding=ROUND_CEILING)
"""A rate of exchange has no end, and margin is rather reckoned too great."""


def record(
    ledger: Ledger, decision: Decision, batch: str, now: datetime, *, patience: Patience = PATIENCE
) -> StoredDecision:
    """Store a decision with its orders as intents. Recorded again for the same signal and fund, the first stands."""
    return record_all(ledger, [decision], batch, now, patience=patience)[0]


def record_all(
    ledger: Ledger, decisions: Sequence[Decision], batch: str, now: datetime, *, patience: Patience = PATIENCE
) -> tuple[StoredDecision, ...]:
    """The same for many, in their order and in one transaction: all are stored, or none.

    What a decision wants cancelled is wished for in it too, by a wish that lasts until the broker has done it
    (`follow`). PAGE actions raise an alert.
    """
    return store_decisions(ledger, [new_decision(one, batch, now, patience) for one in decisions])


def new_decision(
    decision: Decision, batch: str, now: datetime, patience: Patience = PATIENCE, *, part: int = 0
) -> NewDecision:
    """A decision as the ledger takes it, for a caller with a transaction of its own (`write_decisions`).

    `part` is 1 for what is entered once the exits of the signal's first decision are filled.

    InvariantError for an order of no quantity, or two orders of one leg, account and role.
    """
    row = DecisionRow(
        decision_id=decision_id(decision.signal_id, decision.fund_id, part),
        signal_id=decision.signal_id,
        fund_id=decision.fund_id,
        strategy=decision.strategy,
        kind=decision.kind.value,
        outcome=decision.outcome,
        reason=decision.reason.value,
        figures=dict(decision.figures),
        batch=batch,
        decided_at=now,
        part=part,
        actions=tuple(_plain(one) for one in decision.actions),
        follow_up=any(one.kind is ActionKind.ENTRY_AFTER_FILL for one in decision.actions),
    )
    orders = tuple(_order(planned, decision, row, now, patience) for planned in decision.orders)
    if len({one.client_order_id for one in orders}) != len(orders):
        raise InvariantError(f"the decision on signal {decision.signal_id} has two orders of one leg, account and role")
    first = [one for one in decision.actions if one.kind is ActionKind.CANCEL_ENTRY_FIRST]
    cancels = {_named(one): EndReason.CANCEL_SIGNAL.value for one in decision.actions if one.kind is ActionKind.CANCEL}
    cancels |= {_named(one): EndReason.EXIT_FIRST.value for one in first}
    return NewDecision(
        decision=row,
        cancels=cancels,
        orders=partial(_awaiting, orders, first, row, now),
        troubles=_pages(decision),
    )


def _plain(action: Action) -> dict[str, Any]:
    """What it says, as JSON has it: decimals as text."""
    said = {name: value for name, value in asdict(action).items() if value is not None}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in said.items()}


def _named(action: Action) -> str:
    """The id of the order to cancel; of one that this batch has planned, it is that of its first attempt."""
    if action.client_order_id is not None:
        return action.client_order_id
    parts = (action.signal_id, action.order_leg, action.account_id, action.role)
    if any(part is None for part in parts):
        raise InvariantError(f"an action {action.kind.value} names no order")
    role = OrderRole(str(action.role))
    return client_order_id(str(action.signal_id), int(action.order_leg or 0), str(action.account_id), role, 1)


def _awaiting(
    orders: Sequence[OrderRow], first: Sequence[Action], row: DecisionRow, now: datetime, found: Mapping[str, OrderRow]
) -> tuple[OrderRow, ...]:
    """The orders, with exits that wait for the entries to be cancelled first and also close of what these fill yet.

    Where the decision has no exit for such an entry, because nothing of it was filled yet, there is one of no quantity:
    the entry may fill before its cancel arrives.
    """
    awaited: dict[tuple[int, str, str], list[tuple[OrderRow, Action]]] = {}
    for action in first:
        entry = found.get(_named(action))
        if entry is not None:
            leg = entry.leg if action.leg is None else action.leg
            awaited.setdefault((leg, entry.account_id, entry.instrument_key), []).append((entry, action))
    complete = []
    for order in orders:
        entries = awaited.pop((order.leg, order.account_id, order.instrument_key), None)
        if order.role is OrderRole.EXIT and entries is not None:
            order = _after(order, entries)
        complete.append(order)
    complete += [_after(_exit_of_none(leg, entries, row, now), entries) for (leg, _, _), entries in awaited.items()]
    return tuple(complete)


def _after(order: OrderRow, entries: Sequence[tuple[OrderRow, Action]]) -> OrderRow:
    """Its quantity is what is known to be held; of what the entries fill beyond that it closes the fraction too."""
    waits_for = tuple(sorted(entry.client_order_id for entry, _ in entries))
    if any(action.ends or action.fraction is None for _, action in entries):
        return replace(order, waits_for=waits_for, close_fraction=_ONE, close_base=None, closes_others=True)
    fraction = max(action.fraction or _ZERO for _, action in entries).quantize(PLACES, ROUND_DOWN)
    counted = sum((action.filled or _ZERO for _, action in entries), _ZERO)
    known = max(action.known or _ZERO for _, action in entries)
    base = (known - fraction * counted).quantize(PLACES, ROUND_DOWN)
    return replace(order, waits_for=waits_for, close_fraction=fraction, close_base=base)


def _exit_of_none(leg: int, entries: Sequence[tuple[OrderRow, Action]], row: DecisionRow, now: datetime) -> OrderRow:
    entry = entries[0][0]
    one_entry = len({other.signal_id for other, _ in entries}) == 1
    return replace(
        entry,
        client_order_id=client_order_id(row.signal_id, leg, entry.account_id, OrderRole.EXIT, 1),
        decision_id=row.decision_id,
        signal_id=row.signal_id,
        leg=leg,
        role=OrderRole.EXIT,
        attempt=1,
        state=OrderState.INTENT,
        side=Side.SELL if entry.side is Side.BUY else Side.BUY,
        quantity=_ZERO,
        order_type=OrderType.MARKET,
        limit_price=None,
        stop_price=None,
        reference_price=None,
        reserved_margin=_ZERO,
        filled_quantity=_ZERO,
        average_price=None,
        wanted_quantity=None,
        cancel_for=None,
        not_before=None,
        expires_at=None,
        broker_order_id=None,
        oca_group=None,
        closes_entry=entry.signal_id if one_entry else None,
        closes_others=not one_entry,
        reason=None,
        message="",
        created_at=now,
        updated_at=now,
        submitted_at=None,
        acknowledged_at=None,
        closed_at=None,
        revision=0,
    )


def _pages(decision: Decision) -> tuple[Trouble, ...]:
    if not any(one.kind is ActionKind.PAGE for one in decision.actions):
        return ()
    return (
        Trouble(
            severity=Severity.CRITICAL,
            kind=decision.reason.value,
            entity="signal",
            entity_id=decision.signal_id,
            message=f"{decision.kind.value} signal {decision.signal_id} of {decision.strategy}: "
            f"{decision.outcome.value}, {decision.reason.meaning}",
            remedy=decision.reason.remedy,
            fund_id=decision.fund_id,
        ),
    )


def _order(planned: PlannedOrder, decision: Decision, row: DecisionRow, now: datetime, patience: Patience) -> OrderRow:
    if planned.quantity <= 0:
        raise InvariantError(f"an order of {planned.quantity} {planned.instrument_key} was planned")
    role = planned.role
    valid = patience.entry_valid if role is OrderRole.ENTRY else None
    return OrderRow(
        client_order_id=client_order_id(decision.signal_id, planned.leg, planned.account_id, role, 1),
        decision_id=row.decision_id,
        signal_id=decision.signal_id,
        leg=planned.leg,
        account_id=planned.account_id,
        fund_id=decision.fund_id,
        strategy=decision.strategy,
        role=role,
        attempt=1,
        state=OrderState.INTENT,
        instrument_key=planned.instrument_key,
        asset_class=planned.asset_class,
        side=planned.side,
        planned_quantity=planned.quantity,
        quantity=planned.quantity,
        order_type=planned.order_type,
        limit_price=planned.limit_price,
        stop_price=planned.stop_price,
        multiplier=planned.multiplier,
        currency=planned.currency,
        reference_price=planned.reference_price,
        reserved_margin=planned.reserved_margin.quantize(PLACES, context=_UPWARDS),
        combination=planned.combination,
        ratio=planned.ratio,
        net_price=planned.net_price,
        closes_entry=planned.closes_entry,
        closes_others=planned.closes_others,
        oca_group=oca_group(decision.signal_id, planned.leg, planned.account_id) if role.is_attached else None,
        expires_at=None if valid is None else now + valid,
        created_at=now,
        updated_at=now,
    )
