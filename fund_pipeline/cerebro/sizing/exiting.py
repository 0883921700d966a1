"""An exit in one fund: orders that close our share of what the sender closes. No entry limit is asked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO
from fund_pipeline.cerebro.sizing.closing import broker_side, closable, entry_lots
from fund_pipeline.cerebro.sizing.exit_lines import (
    ExitLine,
    Reduction,
    exit_line,
    exit_order,
    in_ratio,
    is_cut,
    line_figures,
)
from fund_pipeline.cerebro.sizing.facts import OrderFacts
from fund_pipeline.cerebro.sizing.holdings import orders_in, positions_in, working_exits
from fund_pipeline.cerebro.sizing.limits import EntryCase
from fund_pipeline.cerebro.sizing.meaning import Closing
from fund_pipeline.cerebro.sizing.model import Action, ActionKind, PlannedOrder
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused
from fund_pipeline.terms import DecisionOutcome, HaltState, OrderRole

Exited = tuple[DecisionOutcome, DecisionReason, tuple[PlannedOrder, ...], tuple[Action, ...]]


def leave(case: EntryCase, reductions: Sequence[Reduction], figures: dict[str, Any]) -> Exited:
    """Outcome, reason, orders and what has to be done before them. `figures` is filled as far as it comes.

    Refused where there is nothing to close: NO_POSITION, ALREADY_CLOSING, BROKER_FLAT, TOO_SMALL, MODE_MISMATCH.
    """
    figures["exits"] = shown = []
    actions: list[Action] = []
    lines: list[ExitLine] = []
    for reduction in reductions:
        key = reduction.closing.leg.key
        if key is None:
            continue
        found = [exit_line(case.world, reduction, one) for one in positions_in(case.world, *_who(case), key)]
        lines += found
        actions += _entries_first(case, reduction, found)
    mismatched = [line for line in lines if _is_out_of_reach(case, line.position.account_id)]
    allowed = in_ratio([line for line in lines if line not in mismatched])
    shown += [line_figures(case.world, line, in_mode=line not in mismatched) for line in [*allowed, *mismatched]]
    orders = tuple(exit_order(case.world, line) for line in allowed if line.quantity > 0)
    actions += [action for line in allowed if line.quantity > 0 for action in _protection_first(case, line)]
    if mismatched:
        actions.append(Action(kind=ActionKind.PAGE))
    if not orders and not actions:
        raise Refused(_why_nothing(case, allowed))
    if not orders and mismatched:
        return DecisionOutcome.REJECTED, DecisionReason.MODE_MISMATCH, (), tuple(actions)
    if mismatched and case.world.halt_of(case.fund) is not HaltState.HALTED:
        return DecisionOutcome.RESIZED, DecisionReason.MODE_MISMATCH, orders, tuple(actions)
    return _outcome(case, orders, allowed, actions)


def _outcome(case: EntryCase, orders: tuple[PlannedOrder, ...], lines: list[ExitLine], actions: list[Action]) -> Exited:
    if case.world.halt_of(case.fund) is HaltState.HALTED:
        queued = (*actions, Action(kind=ActionKind.QUEUE), Action(kind=ActionKind.PAGE))
        return DecisionOutcome.APPROVED, DecisionReason.EXIT_QUEUED, orders, queued
    if any(is_cut(case.world, line) for line in lines):
        return DecisionOutcome.RESIZED, DecisionReason.EXIT_CUT, orders, tuple(actions)
    return DecisionOutcome.APPROVED, DecisionReason.CLOSES, orders, tuple(actions)


def _why_nothing(case: EntryCase, lines: list[ExitLine]) -> DecisionReason:
    if not lines:
        return DecisionReason.NO_POSITION
    if all(not entry_lots(line.position, line.share) for line in lines):
        return DecisionReason.NO_POSITION
    if any(closable(line.position, case.world) >= line.step for line in lines):
        return DecisionReason.TOO_SMALL
    if all(broker_side(line.position, case.world) == 0 for line in lines):
        return DecisionReason.BROKER_FLAT
    if any(working_exits(case.world, line.position, of_all=True) for line in lines):
        return DecisionReason.ALREADY_CLOSING
    return DecisionReason.TOO_SMALL


def _entries_first(case: EntryCase, reduction: Reduction, lines: list[ExitLine]) -> list[Action]:
    """Entries that still work and that the exit is about: those of the entry it names, or all of the instrument."""
    closing, fraction = reduction.closing, _of_fills(reduction)
    known = {line.position.account_id: line.share.quantity for line in lines}
    return [
        _cancel(ActionKind.CANCEL_ENTRY_FIRST, order, closing, fraction, known.get(order.account_id, ZERO))
        for order in orders_in(case.world, *_who(case), closing.leg.key or "")
        if order.role is OrderRole.ENTRY and (closing.ends or closing.named in (None, order.signal_id))
    ]


def _of_fills(reduction: Reduction) -> Decimal:
    """The fraction to close of what the entries that are cancelled fill before they are."""
    closing = reduction.closing
    if reduction.fraction is not None:
        return reduction.fraction
    if closing.ends or closing.quantity is None:
        return ONE
    of = closing.before.of(closing.named) if closing.named is not None else closing.before.size
    return min(closing.quantity / of, ONE) if of else ONE


def _protection_first(case: EntryCase, line: ExitLine) -> list[Action]:
    return [
        _cancel(ActionKind.CANCEL_PROTECTION_FIRST, order, line.closing)
        for order in orders_in(case.world, *_who(case), line.position.instrument_key)
        if order.role.is_attached and order.account_id == line.position.account_id
    ]


def _cancel(
    kind: ActionKind,
    order: OrderFacts,
    closing: Closing,
    fraction: Decimal | None = None,
    known: Decimal | None = None,
) -> Action:
    return Action(
        kind=kind,
        leg=closing.index,
        client_order_id=order.client_order_id,
        signal_id=order.signal_id,
        order_leg=order.leg,
        account_id=order.account_id,
        role=order.role,
        fraction=fraction,
        filled=None if fraction is None else order.filled,
        known=known,
        ends=None if fraction is None else closing.ends,
    )


def _is_out_of_reach(case: EntryCase, account_id: str) -> bool:
    """A PAPER strategy reaches no LIVE account, not even to leave it; a LIVE one leaves its PAPER accounts."""
    account = case.world.accounts.get(account_id)
    return account is None or (account.live and not case.strategy.live)


def _who(case: EntryCase) -> tuple[str, str]:
    return case.strategy.strategy, case.fund.fund_id
