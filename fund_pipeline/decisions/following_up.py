"""What a signal enters once its exits have filled: a target weight that changed sign is an exit, then an entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from fund_pipeline.cerebro.sizing import Decided, decide
from fund_pipeline.decisions.batch import DECIDING, FAULTS, WAIT_SECONDS, Settled
from fund_pipeline.decisions.facts import Sources, gather
from fund_pipeline.decisions.signals import read_signal
from fund_pipeline.execution.recording import new_decision
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity, Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.decisions import NewDecision, store_decisions
from fund_pipeline.ledger.fitting import misfit
from fund_pipeline.ledger.follow_ups import FollowUp, due_follow_ups
from fund_pipeline.ledger.locks import exclusive
from fund_pipeline.ledger.signal_model import SignalState, Verdict
from fund_pipeline.terms import OrderRole

WITHIN = timedelta(days=1)
"""An exit that fills later than this is followed by nothing: a newer signal is."""


def decide_follow_ups(ledger: Ledger, sources: Sources, owner: str, now: Callable[[], datetime]) -> tuple[Settled, ...]:
    """Decide what is to be entered now that exits have filled; the orders are intents then, and nothing is sent.

    Every rule for entries is asked anew, the signal's age too. Called again it decides nothing twice. TemporaryError
    when the ledger is away, or another batch takes long.
    """
    if not due_follow_ups(ledger, now() - WITHIN):
        return ()
    with exclusive(ledger, DECIDING, wait_seconds=WAIT_SECONDS):
        moment = now()
        due = due_follow_ups(ledger, moment - WITHIN)
        return _decided(ledger, sources, owner, due, moment) if due else ()


def _decided(
    ledger: Ledger, sources: Sources, owner: str, due: tuple[FollowUp, ...], now: datetime
) -> tuple[Settled, ...]:
    signals = [replace(read_signal(one.signal, {}, now), follow_up=one.legs) for one in due]
    world = gather(ledger, sources, signals, now)
    found: list[Settled] = []
    for one, signal in zip(due, signals, strict=True):
        try:
            decided = decide(signal, replace(world, funds={one.fund_id: world.funds[one.fund_id]}))
            new = _entries_only(decided, owner, now)
        except FAULTS as fault:
            raise_alert(ledger, _failed(one, repr(fault)), now)
            continue
        if new is None:
            raise_alert(ledger, _failed(one, "it would close something again, or cannot be kept"), now)
            continue
        (stored,) = store_decisions(ledger, [new])
        world = replace(decided.world, funds=world.funds)
        found.append(Settled(one.signal, Verdict(SignalState.DECIDED), (stored,)))
    return tuple(found)


def _entries_only(decided: Decided, owner: str, now: datetime) -> NewDecision | None:
    """The decision, unless it is none that may follow: this signal's exits are done, and their ids are used."""
    if len(decided.decisions) != 1 or any(order.role is OrderRole.EXIT for order in decided.decisions[0].orders):
        return None
    new = new_decision(decided.decisions[0], owner, now, part=1)
    return None if new.cancels or misfit(new.orders({}), ()) is not None else new


def _failed(one: FollowUp, why: str) -> Trouble:
    return Trouble(
        severity=Severity.CRITICAL,
        kind="FOLLOW_UP_FAILED",
        entity="signal",
        entity_id=one.signal.signal_id,
        message=f"the exits of signal {one.signal.signal_id} of {one.signal.strategy} are filled, and what it enters "
        f"after them was not decided: {why}",
        remedy="enter it by hand, or wait for the sender's next signal",
        fund_id=one.fund_id,
    )
