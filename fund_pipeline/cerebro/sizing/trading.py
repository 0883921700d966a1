"""What one fund does with a signal that trades: exits first, then entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fund_pipeline.cerebro.sizing.entering import enter
from fund_pipeline.cerebro.sizing.exit_lines import Reduction
from fund_pipeline.cerebro.sizing.exiting import leave
from fund_pipeline.cerebro.sizing.facts import FundFacts
from fund_pipeline.cerebro.sizing.limits import EntryCase
from fund_pipeline.cerebro.sizing.meaning import Closing, Meaning, Opening, Target
from fund_pipeline.cerebro.sizing.model import Action, ActionKind
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused, Verdict, outcome_of
from fund_pipeline.cerebro.sizing.signal_facts import SignalFacts
from fund_pipeline.cerebro.sizing.targets import Steps, steps_of
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import SignalType


def trade(
    signal: SignalFacts, found: Sequence[Meaning], fund: FundFacts, world: World, figures: dict[str, Any]
) -> Verdict:
    """The verdict of one fund. `figures` is filled as far as it comes.

    Exits go at once, whatever becomes of the entries; entries of the same signal follow their fill.
    """
    strategy = world.strategies.get(signal.strategy)
    if strategy is None:
        return _refusal(signal.type, Refused(DecisionReason.UNKNOWN_STRATEGY), figures)
    case = EntryCase(signal=signal, strategy=strategy, fund=fund, world=world.under(fund.rules))
    openings = [one for one in found if isinstance(one, Opening)]
    exits = [Reduction(closing=one) for one in found if isinstance(one, Closing)]
    targets = [one for one in found if isinstance(one, Target)]
    steps = steps_of(case, targets, figures) if targets else Steps()
    entries, exits = [*openings, *steps.entries], [*exits, *steps.exits]
    kind = kind_of(signal, entries, exits)
    try:
        if exits:
            return _exits_first(case, kind, exits, entries, steps, figures)
        if steps.refused:
            raise steps.refused[0]
        if not entries:
            raise Refused(DecisionReason.NO_CHANGE if targets else DecisionReason.NO_POSITION)
        return _entries(case, kind, entries, steps, figures)
    except Refused as refused:
        return _refusal(kind, refused, figures)


def kind_of(signal: SignalFacts, entries: Sequence[Opening], exits: Sequence[Reduction]) -> SignalType:
    """The signal's type after inference: its own, unless it states none or its targets mean another."""
    kinds = [one.closing.kind for one in exits] or [one.kind for one in entries]
    if signal.type is not SignalType.UNSPECIFIED and not any(leg.target_weight is not None for leg in signal.legs):
        return signal.type
    partial = (SignalType.SCALE_OUT, SignalType.SCALE_IN)
    return next((kind for kind in kinds if kind in partial), kinds[0] if kinds else signal.type)


def _exits_first(
    case: EntryCase,
    kind: SignalType,
    exits: Sequence[Reduction],
    entries: Sequence[Opening],
    steps: Steps,
    figures: dict[str, Any],
) -> Verdict:
    later = sorted({*steps.later, *(one.index for one in entries)})
    follow = tuple(Action(kind=ActionKind.ENTRY_AFTER_FILL, leg=index) for index in later)
    try:
        outcome, reason, orders, actions = leave(case, exits, figures)
    except Refused as refused:
        if refused.reason is DecisionReason.NO_POSITION and entries and not steps.later:
            return _entries(case, kind_of(case.signal, entries, ()), entries, steps, figures)
        raise
    return Verdict(kind=kind, outcome=outcome, reason=reason, orders=orders, actions=(*actions, *follow))


def _entries(
    case: EntryCase, kind: SignalType, entries: Sequence[Opening], steps: Steps, figures: dict[str, Any]
) -> Verdict:
    given = steps.wanted or None
    if given is not None and len(given) < len(entries):
        raise Refused(DecisionReason.NO_TARGET)
    outcome, reason, orders = enter(case, entries, figures, given)
    return Verdict(kind=kind, outcome=outcome, reason=reason, orders=orders)


def _refusal(kind: SignalType, refused: Refused, figures: dict[str, Any]) -> Verdict:
    figures["refused"] = refused.figures
    closes = kind.closes and refused.reason is DecisionReason.UNKNOWN_STRATEGY
    actions = (Action(kind=ActionKind.PAGE),) if closes else ()
    return Verdict(kind=kind, outcome=outcome_of(refused.reason), reason=refused.reason, actions=actions)
