"""What a signal means: for each leg, whether it opens or closes, and how much of the sender's own position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO, side_of
from fund_pipeline.cerebro.sizing.book import SenderPosition, reduced, sender_position
from fund_pipeline.cerebro.sizing.naming import find_instrument, legs_of_reference, only_entry
from fund_pipeline.cerebro.sizing.refused import Quarantined
from fund_pipeline.cerebro.sizing.signal_facts import BookEntry, LegFacts, SignalFacts
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import SignalType


@dataclass(frozen=True)
class Opening:
    """A leg that enters or adds."""

    index: int
    leg: LegFacts
    kind: SignalType


@dataclass(frozen=True)
class Closing:
    """A leg that can only reduce.

    Attributes
    ----------
    quantity : in the sender's units; None where we hold what its book does not know, which closes all.
    named : the entry it closes; None for the position.
    before : the sender's position before it.
    ends : it ends the sender's position, so that our remainder is closed.
    """

    index: int
    leg: LegFacts
    kind: SignalType
    quantity: Decimal | None
    named: str | None
    before: SenderPosition
    ends: bool


@dataclass(frozen=True)
class Target:
    """A leg that states what to hold. `before` is the sender's position, in weights, before it."""

    index: int
    leg: LegFacts
    weight: Decimal
    before: SenderPosition


Meaning = Opening | Closing | Target


def meanings(signal: SignalFacts, world: World) -> tuple[Meaning, ...]:
    """What each leg means. Quarantined (AMBIGUOUS) where it can mean more than one thing."""
    if signal.follow_up:
        return tuple(_followed(index, signal.legs[index], signal, world) for index in signal.follow_up)
    if not signal.legs and not signal.type.closes:
        raise Quarantined("it has no legs, and is no exit", {})
    legs = list(enumerate(signal.legs)) or legs_of_reference(signal, world)
    return tuple(_leg(index, leg, signal, world) for index, leg in legs)


def book_changes(signal: SignalFacts, found: tuple[Meaning, ...]) -> tuple[BookEntry, ...]:
    """What the signal changes in the sender's book, once for all funds. A follow-up changes nothing."""
    if signal.follow_up:
        return ()
    changes: list[BookEntry] = []
    for one in found:
        match one:
            case Opening(index, leg, _):
                changes += _opened(signal, index, leg)
            case Closing(_, _, _, quantity, named, before, ends):
                changes += reduced(before, before.size if ends or quantity is None else quantity, named)
            case Target(index, leg, weight, before):
                if weight != before.signed:
                    changes += [replace(entry, remaining=ZERO) for entry in before.entries]
                    changes += _weighed(signal, index, leg, weight)
    return tuple(changes)


def _followed(index: int, leg: LegFacts, signal: SignalFacts, world: World) -> Meaning:
    if leg.target_weight is not None:
        return Target(index, leg, leg.target_weight, SenderPosition(()))
    return Opening(index, leg, SignalType.ENTRY)


def _leg(index: int, leg: LegFacts, signal: SignalFacts, world: World) -> Meaning:
    opens = signal.type.opens
    if leg.key is None and not opens:
        leg = find_instrument(leg, signal, world)
    weight = None if leg.key is None else leg.target_weight
    if opens and weight is None:
        return Opening(index, leg, signal.type)
    before = sender_position(world.book, signal.strategy, leg.key) if leg.key else SenderPosition(())
    if weight is not None:
        return Target(index, leg, weight, before)
    if signal.type is SignalType.UNSPECIFIED:
        return _inferred(index, leg, before, signal)
    return _closing(index, leg, before, signal, signal.type)


def _inferred(index: int, leg: LegFacts, before: SenderPosition, signal: SignalFacts) -> Meaning:
    if leg.closes_all:
        return _closing(index, leg, before, signal, SignalType.EXIT)
    if before.side is None:
        return Opening(index, leg, SignalType.ENTRY)
    if leg.side is None:
        raise Quarantined("it states no side, and the sender has a position", _shown(index, before))
    if leg.side is before.side:
        return Opening(index, leg, SignalType.SCALE_IN)
    if leg.quantity is None or leg.quantity == before.size:
        return _closing(index, leg, before, signal, SignalType.EXIT)
    if leg.quantity > before.size:
        raise Quarantined("it is opposite to the sender's position and larger", _shown(index, before))
    return _closing(index, leg, before, signal, SignalType.SCALE_OUT)


def _closing(index: int, leg: LegFacts, before: SenderPosition, signal: SignalFacts, kind: SignalType) -> Closing:
    if before.side is not None and leg.side is before.side:
        raise Quarantined("an exit on the side that opened the sender's position", _shown(index, before))
    meant = only_entry(before.entries, signal) if signal.names_unknown else signal.reference
    named = meant if before.of(meant) else None
    if leg.closes_all or not before.size:
        if kind is SignalType.SCALE_OUT and leg.key is not None and not leg.closes_all:
            raise Quarantined("a SCALE_OUT of a position that the sender's book does not know", _shown(index, before))
        return Closing(index, leg, kind, None, named, before, ends=True)
    quantity = leg.quantity
    if quantity is None and named is not None:
        quantity = before.of(named)
    elif quantity is None and meant is not None:
        raise Quarantined("it names an entry that is not open, and states no quantity", _shown(index, before))
    elif quantity is None and kind is SignalType.SCALE_OUT:
        raise Quarantined("a SCALE_OUT without quantity or entry", _shown(index, before))
    elif quantity is None:
        quantity = before.size
    return Closing(index, leg, kind, quantity, named, before, ends=quantity >= before.size)


def _shown(index: int, before: SenderPosition) -> dict[str, object]:
    return {"leg": index, "sender_position": f"{before.signed:f}"}


def _opened(signal: SignalFacts, index: int, leg: LegFacts) -> list[BookEntry]:
    if leg.key is None or leg.side is None:
        return []
    quantity = leg.quantity if leg.quantity is not None else ONE
    return [
        BookEntry(
            signal_id=signal.signal_id,
            leg=index,
            strategy=signal.strategy,
            instrument_key=leg.key,
            side=leg.side,
            quantity=quantity,
            remaining=quantity,
        )
    ]


def _weighed(signal: SignalFacts, index: int, leg: LegFacts, weight: Decimal) -> list[BookEntry]:
    return _opened(signal, index, replace(leg, side=side_of(weight), quantity=abs(weight))) if weight else []
