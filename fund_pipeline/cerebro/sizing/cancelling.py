"""A CANCEL in one fund: the working entries and exits of what it names. Attached stops and targets stay."""

from __future__ import annotations

from typing import Any

from fund_pipeline.cerebro.sizing.facts import FundFacts, OrderFacts
from fund_pipeline.cerebro.sizing.model import Action, ActionKind
from fund_pipeline.cerebro.sizing.naming import find_instrument
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Quarantined, Verdict, outcome_of
from fund_pipeline.cerebro.sizing.signal_facts import SignalFacts
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import DecisionOutcome


def cancel(signal: SignalFacts, fund: FundFacts, world: World, figures: dict[str, Any]) -> Verdict:
    """The orders to cancel, NOTHING_TO_CANCEL where none is working. Quarantined where it names nothing."""
    keys = {find_instrument(leg, signal, world).key for leg in signal.legs}
    if signal.reference is None and not keys:
        raise Quarantined("it does not say what it cancels", {})

    def named(order: OrderFacts) -> bool:
        if (
            order.role.is_attached
            or order.strategy != signal.strategy
            or world.fund_of(order.account_id) != fund.fund_id
        ):
            return False
        is_its = signal.reference is None or order.signal_id == signal.reference
        return is_its and (not keys or order.instrument_key in keys)

    found = [order for order in world.orders if named(order)]
    figures["cancels"] = [
        {"signal": order.signal_id, "leg": order.leg, "account": order.account_id, "role": order.role.value}
        for order in found
    ]
    if not found:
        reason = DecisionReason.NOTHING_TO_CANCEL
        return Verdict(kind=signal.type, outcome=outcome_of(reason), reason=reason)
    actions = tuple(
        Action(
            kind=ActionKind.CANCEL,
            client_order_id=order.client_order_id,
            signal_id=order.signal_id,
            order_leg=order.leg,
            account_id=order.account_id,
            role=order.role,
        )
        for order in found
    )
    return Verdict(kind=signal.type, outcome=DecisionOutcome.APPROVED, reason=DecisionReason.CANCELS, actions=actions)
