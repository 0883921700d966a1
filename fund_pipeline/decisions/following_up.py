"""What a signal enters once its exits have filled: a target weight that changed sign is an exit, then an entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from fund_pipeline.cerebro.sizing import Decided, SignalFacts, decide
from fund_pipeline.decisions.batch import DECIDING, FAULTS, WAIT_SECONDS, Settled, aged
from fund_pipeline.decisions.facts import Sources, gather
from fund_pipeline.decisions.signals import read_signal
from fund_pipeline.errors import FundError, InvariantError, TemporaryError
from fund_pipeline.execution.recording import new_decision
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity, Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.decisions import NewDecision
from fund_pipeline.ledger.fitting import misfit
from fund_pipeline.ledger.follow_ups import FollowUp, due_follow_ups
from fund_pipeline.ledger.locks import exclusive
from fund_pipeline.ledger.settling import store_alone
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
        due = due_follow_ups(ledger, now() - WITHIN)
        return tuple(_decided(ledger, sources, owner, due, now)) if due else ()


def _decided(
    ledger: Ledger, sources: Sources, owner: str, due: tuple[FollowUp, ...], now: Callable[[], datetime]
) -> Iterator[Settled]:
    """Each on its own: one that cannot be read, decided or kept is told to a person, and stops no other."""
    read: list[tuple[FollowUp, SignalFacts]] = []
    for one in due:
        with _told_alone(ledger, one, now()):
            read.append((one, replace(read_signal(one.signal, {}, now()), follow_up=one.legs)))
    if not read:
        return
    read_at = now()
    world = gather(ledger, sources, [signal for _, signal in read], now)
    at = now()
    for one, signal in read:
        with _told_alone(ledger, one, at):
            late = aged(signal, (at - read_at).total_seconds())
            decided = decide(late, replace(world, funds={one.fund_id: world.funds[one.fund_id]}))
            stored = store_alone(ledger, _entries_only(decided, owner, at))
            world = replace(decided.world, funds=world.funds)
            yield Settled(one.signal, Verdict(SignalState.DECIDED), (stored,))


@contextmanager
def _told_alone(ledger: Ledger, one: FollowUp, now: datetime) -> Iterator[None]:
    try:
        yield
    except TemporaryError:
        raise
    except FAULTS as fault:
        raise_alert(ledger, _failed(one, fault.message if isinstance(fault, FundError) else repr(fault)), now)


def _entries_only(decided: Decided, owner: str, now: datetime) -> NewDecision:
    """The decision; InvariantError for one that may not follow: its exits are done, and their ids are used."""
    if len(decided.decisions) == 1 and not any(one.role is OrderRole.EXIT for one in decided.decisions[0].orders):
        new = new_decision(decided.decisions[0], owner, now, part=1)
        if not new.cancels and misfit(new.orders({}), ()) is None:
            return new
    raise InvariantError("it would close something again, or cannot be kept")


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
