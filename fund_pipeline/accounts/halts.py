"""Halting and resuming: what a fund may send. Halting only ever tightens, resuming only ever loosens."""

from __future__ import annotations

from dataclasses import dataclass

from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import EVERYWHERE, Halt
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.fund_day_model import FundDay
from fund_pipeline.ledger.fund_days import drawdown_stops, lift_drawdown_stop
from fund_pipeline.ledger.funds import get_fund, list_funds
from fund_pipeline.ledger.halts import list_halts, set_halt
from fund_pipeline.terms import HaltState

ALLOWED = {
    HaltState.ACTIVE: "entries, exits and cancels",
    HaltState.REDUCING: "exits and cancels only",
    HaltState.HALTED: "cancels only; exits wait and page a person",
}
"""What each state lets out, in words."""


@dataclass(frozen=True)
class Effect:
    """What a halt or its end changes for one fund: its effective state before and after."""

    fund_id: str
    before: HaltState
    after: HaltState


def effective(everywhere: HaltState, fund: HaltState) -> HaltState:
    """What a fund may send: the stricter of the state of all funds and its own."""
    return HaltState.strictest((everywhere, fund))


def halt(ledger: Ledger, scope: str, state: HaltState, note: str, act: Act, *, dry_run: bool = False) -> list[Effect]:
    """Let a fund, or with the scope `*` all of them, send less from now on, audited; what it changes, by fund.

    InputError without a note; NotFoundError; ConflictError when it is as strict, or stricter, already.
    """
    before = _state(ledger, scope)
    if not state.is_stricter_than(before):
        raise ConflictError(
            f"{_named(scope)} is {before.value} already", remedy="to let it send more, run `fund resume`"
        )
    return _set(ledger, scope, before, state, note, act, dry_run=dry_run)


def resume(ledger: Ledger, scope: str, state: HaltState, note: str, act: Act, *, dry_run: bool = False) -> list[Effect]:
    """Let a fund, or all of them, send more from now on, audited; what it changes, by fund.

    InputError without a note; NotFoundError; ConflictError when it is as loose, or looser, already.
    """
    before = _state(ledger, scope)
    if not before.is_stricter_than(state):
        raise ConflictError(f"{_named(scope)} is {before.value} already", remedy="look at `fund halts`")
    return _set(ledger, scope, before, state, note, act, dry_run=dry_run)


def lift_drawdown(ledger: Ledger, scope: str, note: str, act: Act, *, dry_run: bool = False) -> list[FundDay]:
    """Let a fund, or with the scope `*` all of them, enter again after a drawdown stop, audited; the stops it ends.

    The peak is counted anew from then on. InputError without a note; NotFoundError; ConflictError without a stop.
    """
    if scope != EVERYWHERE:
        get_fund(ledger, scope)
    stops = [one for one in drawdown_stops(ledger) if scope in (EVERYWHERE, one.fund_id)]
    if not stops:
        raise ConflictError(f"{_named(scope)} has reached no drawdown stop", remedy="look at `fund halts`")
    _refuse_without(note)
    for one in () if dry_run else stops:
        lift_drawdown_stop(ledger, one.fund_id, one.mode, note.strip(), act)
    return stops


def standing(ledger: Ledger) -> tuple[tuple[Halt, ...], dict[str, HaltState]]:
    """Everything that was said of halts, and the effective state of each fund, by id."""
    said = list_halts(ledger)
    states = {one.scope: one.state for one in said}
    return said, {fund.fund_id: _effective_of(states, fund.fund_id) for fund in list_funds(ledger)}


def _set(
    ledger: Ledger, scope: str, before: HaltState, after: HaltState, note: str, act: Act, *, dry_run: bool
) -> list[Effect]:
    _refuse_without(note)
    states = {one.scope: one.state for one in list_halts(ledger)}
    changed = states | {scope: after}
    concerned = [fund.fund_id for fund in list_funds(ledger) if scope in (EVERYWHERE, fund.fund_id)]
    if not dry_run:
        set_halt(ledger, scope, before, after, note.strip(), act)
    return [Effect(fund, _effective_of(states, fund), _effective_of(changed, fund)) for fund in concerned]


def _refuse_without(note: str) -> None:
    if not note.strip():
        raise InputError("a note is missing", remedy="say why with --note, for the record")


def _effective_of(states: dict[str, HaltState], fund_id: str) -> HaltState:
    return effective(states.get(EVERYWHERE, HaltState.ACTIVE), states.get(fund_id, HaltState.ACTIVE))


def _state(ledger: Ledger, scope: str) -> HaltState:
    if scope != EVERYWHERE:
        get_fund(ledger, scope)
    return next((one.state for one in list_halts(ledger) if one.scope == scope), HaltState.ACTIVE)


def _named(scope: str) -> str:
    return "everything" if scope == EVERYWHERE else f"fund {scope}"
