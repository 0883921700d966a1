"""Target weights: what to hold afterwards, and so an entry, an exit, both, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO, side_of, text, whole_steps
from fund_pipeline.cerebro.sizing.capital import capital_of
from fund_pipeline.cerebro.sizing.exit_lines import Reduction
from fund_pipeline.cerebro.sizing.holdings import committed, orders_in, own_positions_in, positions_in
from fund_pipeline.cerebro.sizing.limits import EntryCase
from fund_pipeline.cerebro.sizing.meaning import Closing, Opening, Target
from fund_pipeline.cerebro.sizing.modes import target_quantity
from fund_pipeline.cerebro.sizing.pricing import priced
from fund_pipeline.cerebro.sizing.refused import Refused
from fund_pipeline.terms import OrderRole, SignalType


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What a signal's targets come to in one fund.

    Attributes
    ----------
    entries : legs to enter or add to; `wanted` : their quantities by leg.
    exits : legs to reduce.
    later : legs to enter once the exits are filled.
    refused : why the targets of other legs cannot be reckoned.
    """

    entries: list[Opening] = field(default_factory=list)
    wanted: dict[int, Decimal] = field(default_factory=dict)
    exits: list[Reduction] = field(default_factory=list)
    later: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def steps_of(case: EntryCase, targets: Sequence[Target], figures: dict[str, Any]) -> Steps:
    """The steps from what the fund holds, entries and exits that are working included, to what the targets ask.

    Where a target cannot be reckoned, an exit follows from the weights; what would be an entry is refused.
    """
    steps = Steps()
    figures["targets"] = []
    for target in targets:
        try:
            figures["targets"].append(_step(case, target, steps))
        except Refused as refused:
            steps.refused.append(refused)
    return steps


def _step(case: EntryCase, target: Target, steps: Steps) -> dict[str, Any]:
    key = target.leg.key or ""
    held = committed(case.world, case.strategy.strategy, case.fund.fund_id, key)
    before, weight = target.before.signed, target.weight
    shown = {
        "leg": target.index,
        "instrument": key,
        "weight": text(weight),
        "weight_before": text(before),
        "held": text(held),
        "drift_band": text(case.strategy.drift_band),
        "target": None,
    }
    if not held:
        if not weight:
            if positions_in(case.world, case.strategy.strategy, case.fund.fund_id, key):
                steps.exits.append(_reduction(target, ONE))  # what it left in accounts of the other mode
            return shown
        return shown | {"target": text(_add(case, target, steps, ZERO))}
    if weight and weight == before and case.strategy.drift_band is None and not case.signal.follow_up:
        return shown
    if not weight or (weight > 0) != (held > 0):
        steps.exits.append(_reduction(target, ONE))
        if weight:
            steps.later.append(target.index)
        return shown | {"target": "0"}
    smaller = abs(weight) < abs(before) and bool(before)
    try:
        wanted = _wanted(case, target)
    except Refused as refused:
        if not smaller:
            raise
        steps.exits.append(_reduction(target, ONE - weight / before))
        return shown | {"from_weights": refused.reason.value}
    shown["target"] = text(wanted)
    if _within_drift(case, target, wanted, abs(held)):
        return shown
    if wanted < abs(held):
        _reduce(case, target, steps, wanted)
    elif wanted > abs(held) and not smaller:
        _add(case, target, steps, abs(held))
    return shown


def _reduce(case: EntryCase, target: Target, steps: Steps, wanted: Decimal) -> None:
    """An exit of what is filled. Entries that still work are cancelled first, and the rest is decided then."""
    who = case.strategy.strategy, case.fund.fund_id, target.leg.key or ""
    working = [order for order in orders_in(case.world, *who) if not order.role.is_attached]
    filled = sum((one.quantity for one in own_positions_in(case.world, *who)), ZERO)
    filled = abs(filled) - sum((order.quantity for order in working if order.role is OrderRole.EXIT), ZERO)
    steps.exits.append(_reduction(target, max(ONE - wanted / filled, ZERO) if filled > 0 else ZERO))
    if any(order.role is OrderRole.ENTRY for order in working):
        steps.later.append(target.index)


def _wanted(case: EntryCase, target: Target) -> Decimal:
    capital = capital_of(case.strategy, case.fund, case.world)
    leg = priced(target.index, replace(target.leg, side=side_of(target.weight)), case.fund, case.world)
    return target_quantity(target.weight, leg, capital)


def _add(case: EntryCase, target: Target, steps: Steps, held: Decimal) -> Decimal:
    """An opening of what is missing. Less than a step is nothing to add to what is held."""
    wanted = _wanted(case, target)
    step = case.world.terms[target.leg.key or ""].lot_step
    if held and not whole_steps(wanted - held, step):
        return wanted
    leg = replace(target.leg, side=side_of(target.weight), quantity=abs(target.weight))
    kind = SignalType.SCALE_IN if held else SignalType.ENTRY
    steps.entries.append(Opening(target.index, leg, kind))
    steps.wanted[target.index] = wanted - held
    return wanted


def _within_drift(case: EntryCase, target: Target, wanted: Decimal, held: Decimal) -> bool:
    band = case.strategy.drift_band
    if band is None or target.weight != target.before.signed or not wanted:
        return False
    return abs(wanted - held) / wanted <= band


def _reduction(target: Target, fraction: Decimal) -> Reduction:
    whole = fraction >= ONE
    kind = SignalType.EXIT if whole else SignalType.SCALE_OUT
    closing = Closing(target.index, target.leg, kind, abs(target.weight), None, target.before, ends=whole)
    return Reduction(closing=closing, fraction=fraction)
