"""A person says what a break is: the books follow, by entries beside what was booked, and the break is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.accounts.reconciliation.entries import (
    EXTERNAL,
    redo_entry,
    split_entries,
    transfer,
    undo_entry,
)
from fund_pipeline.accounts.reconciliation.folding import Folded, fold
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.execution.port import BrokerExecution
from fund_pipeline.execution.positions import apply
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import get_account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.break_model import Break, BreakKind
from fund_pipeline.ledger.breaks import adopt_break, get_break
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.terms import Side


@dataclass(frozen=True)
class Adoption:
    """What adopting a break does, in words, and the entries that it books."""

    found: Break
    words: str
    entries: tuple[Execution, ...]


REMEDIES = {
    BreakKind.POSITION: "find the trade that is missing on one side; nothing can be booked without one",
    BreakKind.CASH: "record what it was: `fund flows add`",
    BreakKind.DIVIDEND: "record it: `fund flows add ... --kind DIVIDEND`",
    BreakKind.EXECUTION_MISSED: "run `fund reconcile --apply`, which imports it",
    BreakKind.LATE_COMMISSION: "run `fund reconcile --apply`, which imports it",
    BreakKind.EXECUTION_DUPLICATED: "ask the broker; it goes when the broker takes one of the two back",
}
"""Why a kind cannot be adopted. Orders are the broker's to say."""


def plan_adoption(ledger: Ledger, break_id: str, strategy: str, act: Act) -> Adoption:
    """What adopting a break would book.

    EXTERNAL_TRADE goes to `strategy`; EXECUTION_ALTERED and EXECUTION_NOT_AT_BROKER follow the broker; a SPLIT scales
    positions at the same cost; an EQUITY_JUMP is accepted as the new equity.

    Raises
    ------
    NotFoundError : there is no such break.
    InputError : nobody can adopt one of its kind, with what to do instead; or there is no such strategy.
    ConflictError : it is over already, or what it is about has changed since.
    """
    one = get_break(ledger, break_id)
    if not one.is_open:
        raise ConflictError(f"break {one.break_id} is over already", remedy="run `fund breaks list`")
    makers: dict[BreakKind, Callable[[], tuple[str, Sequence[Execution]]]] = {
        BreakKind.EXTERNAL_TRADE: lambda: _transfer(ledger, one, strategy, act),
        BreakKind.EXECUTION_ALTERED: lambda: _follow(ledger, one, act, anew=True),
        BreakKind.EXECUTION_NOT_AT_BROKER: lambda: _follow(ledger, one, act, anew=False),
        BreakKind.SPLIT: lambda: _split(ledger, one, act),
        BreakKind.EQUITY_JUMP: lambda: (f"equity of {one.found.theirs} is accepted as it is", ()),
    }
    kind = one.found.kind
    if kind not in makers:
        remedy = REMEDIES.get(kind, "it is the broker's to say; it goes when its word has changed")
        raise InputError(f"a break of kind {kind.value} cannot be adopted", remedy=remedy)
    words, entries = makers[kind]()
    return Adoption(one, words, tuple(entries))


def adopt(ledger: Ledger, adoption: Adoption, note: str, act: Act) -> Break:
    """Book it, audited; the break as it is then. ConflictError when somebody was faster."""
    return adopt_break(ledger, adoption.found, adoption.entries, apply, note, act)


def _group(ledger: Ledger, one: Break) -> Folded:
    group = fold(list_executions(ledger, account_id=one.account_id)).get(one.found.subject)
    if group is None or group.stands is None:
        raise ConflictError(f"execution {one.found.subject} is not booked any more", remedy="reconcile again")
    return group


def _transfer(ledger: Ledger, one: Break, strategy: str, act: Act) -> tuple[str, Sequence[Execution]]:
    known = {each.strategy_id for each in list_strategies(ledger)}
    if strategy != EXTERNAL and strategy not in known:
        raise InputError(f"there is no strategy {strategy!r}", remedy="run `fund strategies list`")
    group = _group(ledger, one)
    return f"execution {one.found.subject} goes to {strategy}", transfer(group, strategy, act.at)


def _follow(ledger: Ledger, one: Break, act: Act, *, anew: bool) -> tuple[str, Sequence[Execution]]:
    group = _group(ledger, one)
    undone = undo_entry(group, act.at)
    if not anew:
        return f"execution {one.found.subject} is taken back", (undone,)
    told = one.found.detail["told"]
    facts = {name: Decimal(told[name]) for name in ("quantity", "price", "commission", "multiplier")}
    again = BrokerExecution(
        execution_id=group.first.broker_execution_id,
        client_order_id=None,
        instrument_key=told["instrument_key"],
        side=Side(told["side"]),
        commission_currency=told["commission_currency"],
        currency=told["currency"],
        executed_at=group.first.executed_at,
        **facts,
    )
    words = f"execution {one.found.subject} is taken back, and booked as the broker tells of it now"
    return words, (undone, redo_entry(group, again, act.at))


def _split(ledger: Ledger, one: Break, act: Act) -> tuple[str, Sequence[Execution]]:
    key, theirs = one.found.subject, one.found.theirs
    positions = list_positions(ledger, account_id=one.account_id, instrument_key=key)
    held = sum((each.quantity for each in positions), Decimal(0))
    if theirs is None or held != one.found.ours:
        raise ConflictError(f"our books hold {held} {key} by now", remedy="reconcile again")
    account = get_account(ledger, one.account_id)
    entries = split_entries(account, positions, theirs, f"{key}:{one.break_id[:8]}", act.at)
    return f"{key} is split {one.found.detail['ratio']}: {held} become {theirs}, at the same cost", entries
