"""A CANCEL in one fund: the working entries and exits of what it names. Attached stops and targets stay."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ZERO
from fund_pipeline.cerebro.sizing.facts import FundFacts, OrderFacts
from fund_pipeline.cerebro.sizing.model import Action, ActionKind
from fund_pipeline.cerebro.sizing.naming import find_instrument, only_working
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Quarantined, Verdict, outcome_of
from fund_pipeline.cerebro.sizing.signal_facts import BookEntry, SignalFacts
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import DecisionOutcome

PLACES = Decimal(1).scaleb(-12)
"""What the books keep of a number. Rounded up: what is left of an entry that filled next to nothing is not nothing."""


def cancel(signal: SignalFacts, fund: FundFacts, world: World, figures: dict[str, Any]) -> Verdict:
    """The orders to cancel, NOTHING_TO_CANCEL where none is working. Quarantined where nobody knows what it names."""
    meant, keys = _meant(signal, world), _keys(signal, world)

    def named(order: OrderFacts) -> bool:
        is_its = meant is None or order.signal_id == meant
        return is_its and _could_be(order, signal, keys) and world.fund_of(order.account_id) == fund.fund_id

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


def withdrawn(signal: SignalFacts, world: World) -> tuple[BookEntry, ...]:
    """What a CANCEL changes in the sender's own book: of the entries it withdraws, only what has filled is left.

    How much the sender's own order had filled is not known; what ours filled of what they ordered, in all funds, stands
    for it. Nothing filled: the entry is no longer the sender's, whatever else it holds in the instrument. What its
    exits have closed already comes off what has filled.
    """
    meant, keys = _meant(signal, world), _keys(signal, world)
    working = {order.signal_id for order in world.orders if _could_be(order, signal, keys)}
    changes = []
    for entry in world.book:
        if entry.strategy != signal.strategy or (keys and entry.instrument_key not in keys):
            continue
        if entry.signal_id not in (working if meant is None else {meant}):
            continue
        filled = entry.quantity * world.filled.get((entry.signal_id, entry.leg), ZERO)
        left = (filled - (entry.quantity - entry.remaining)).quantize(PLACES, ROUND_CEILING)
        if left < entry.remaining:
            changes.append(replace(entry, remaining=max(left, ZERO)))
    return tuple(changes)


def _meant(signal: SignalFacts, world: World) -> str | None:
    keys = _keys(signal, world)
    if signal.reference is None and not keys and signal.named is None:
        raise Quarantined("it does not say what it cancels", {})
    if not signal.names_unknown:
        return signal.reference
    meant = only_working((order for order in world.orders if _could_be(order, signal, keys)), signal)
    if meant is None and not keys:
        raise Quarantined(f"it names {signal.named!r}, which is no entry that was accepted", {})
    return meant


def _keys(signal: SignalFacts, world: World) -> set[str | None]:
    return {find_instrument(leg, signal, world).key for leg in signal.legs}


def _could_be(order: OrderFacts, signal: SignalFacts, keys: set[str | None]) -> bool:
    is_in = not keys or order.instrument_key in keys
    return not order.role.is_attached and order.strategy == signal.strategy and is_in
