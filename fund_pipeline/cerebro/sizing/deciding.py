"""The decision: a signal and the facts in; what becomes of it in every fund, and the facts for the next signal, out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import CONTEXT, ZERO
from fund_pipeline.cerebro.sizing.cancelling import cancel, withdrawn
from fund_pipeline.cerebro.sizing.facts import FundFacts, OrderFacts
from fund_pipeline.cerebro.sizing.meaning import Meaning, book_changes, meanings
from fund_pipeline.cerebro.sizing.model import Action, ActionKind, Decision, PlannedOrder
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Quarantined
from fund_pipeline.cerebro.sizing.signal_facts import BookEntry, SignalFacts
from fund_pipeline.cerebro.sizing.trading import trade
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import OrderRole, SignalType

_PAGING = frozenset({DecisionReason.BROKER_FLAT, DecisionReason.EXIT_CUT})


@dataclass(frozen=True, kw_only=True)
class Quarantine:
    """Why nothing was decided: the signal itself is at fault. It is kept, pages a person, and can be replayed."""

    reason: DecisionReason
    figures: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What becomes of one signal.

    Attributes
    ----------
    decisions : one per fund of the world; none where it is quarantined.
    world : the facts for the next signal of the batch: these orders and the changed book in them.
    book : the sender's entries that are new or changed, to be stored with the decisions.
    quarantine : None where it was decided.
    """

    decisions: tuple[Decision, ...]
    world: World
    book: tuple[BookEntry, ...] = ()
    quarantine: Quarantine | None = None


def decide(signal: SignalFacts, world: World) -> Decided:
    """Decide one signal for every fund of the world. Pure: the same values give the same answer.

    Exits and cancels are served whatever weight, status or limit says; entries meet every limit, each other included.
    """
    seen = world.seen_by(signal.strategy)
    with localcontext(CONTEXT):
        try:
            found = () if signal.type is SignalType.CANCEL else meanings(signal, seen)
            decisions = tuple(_decision(signal, found, fund, seen) for fund in seen.funds.values())
            changes = withdrawn(signal, seen) if signal.type is SignalType.CANCEL else book_changes(signal, found)
        except Quarantined as refused:
            quarantine = Quarantine(reason=DecisionReason.AMBIGUOUS, figures=refused.figures)
            return Decided(decisions=(), world=world, quarantine=quarantine)
        orders = (o for decision in decisions for o in _as_facts(decision, seen))
        return Decided(decisions=decisions, world=world.after(orders, changes), book=changes)


def decide_batch(signals: Iterable[SignalFacts], world: World) -> tuple[tuple[Decided, ...], World]:
    """Decide signals in their order, each with what those before it decided."""
    found: list[Decided] = []
    for signal in signals:
        found.append(decide(signal, world))
        world = found[-1].world
    return tuple(found), world


def _decision(signal: SignalFacts, found: tuple[Meaning, ...], fund: FundFacts, world: World) -> Decision:
    figures: dict[str, Any] = {"strategy": signal.strategy, "fund": fund.fund_id, "currency": fund.currency}
    figures |= {"stated_type": signal.type.value, "age_seconds": signal.age_seconds, "stale": signal.stale}
    if signal.type is SignalType.CANCEL:
        verdict = cancel(signal, fund, world, figures)
    else:
        verdict = trade(signal, found, fund, world, figures)
    paging = (Action(kind=ActionKind.PAGE),) if verdict.reason in _PAGING else ()
    return Decision(
        signal_id=signal.signal_id,
        fund_id=fund.fund_id,
        strategy=signal.strategy,
        kind=verdict.kind,
        outcome=verdict.outcome,
        reason=verdict.reason,
        figures=figures,
        orders=verdict.orders,
        actions=(*verdict.actions, *paging),
    )


def _as_facts(decision: Decision, world: World) -> list[OrderFacts]:
    fund = world.funds[decision.fund_id]
    return [
        OrderFacts(
            client_order_id=None,
            signal_id=decision.signal_id,
            leg=order.leg,
            strategy=decision.strategy,
            account_id=order.account_id,
            instrument_key=order.instrument_key,
            role=order.role,
            side=order.side,
            quantity=order.quantity,
            notional=_notional(order, decision, fund, world),
            reserved_margin=order.reserved_margin,
            closes_entry=order.closes_entry,
        )
        for order in decision.orders
    ]


def _notional(order: PlannedOrder, decision: Decision, fund: FundFacts, world: World) -> Decimal:
    """An entry's notional at the price it was sized with; what closes has none."""
    rate = world.rate(order.currency, fund.currency)
    if order.role is not OrderRole.ENTRY or rate is None:
        return ZERO
    price = next(Decimal(leg["price"]) for leg in decision.figures["legs"] if leg["leg"] == order.leg)
    return order.quantity * price * order.multiplier * rate
