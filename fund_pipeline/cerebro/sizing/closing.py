"""How much an exit closes of one position. Execution asks again when an entry had to be cancelled first."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import CONTEXT, ONE, ZERO, floor_to
from fund_pipeline.cerebro.sizing.book import SenderPosition
from fund_pipeline.cerebro.sizing.facts import PositionFacts
from fund_pipeline.cerebro.sizing.holdings import working_exits
from fund_pipeline.cerebro.sizing.world import World


def closable(position: PositionFacts, world: World) -> Decimal:
    """The most that an exit may close: min(our position, the broker's) - working exits; never below 0.

    The broker has one position for all our strategies in the account: what others hold on the other side hides as much
    of ours from it, and others' working exits take from it too. A broker that did not answer limits nothing.
    """
    ours = abs(position.quantity) - working_exits(world, position, of_all=False)
    theirs = broker_side(position, world)
    if theirs is not None:
        ours = min(ours, theirs - working_exits(world, position, of_all=True))
    return max(ours, ZERO)


def broker_side(position: PositionFacts, world: World) -> Decimal | None:
    """What the broker holds on the position's side, others' positions on the other side added back."""
    if position.broker_quantity is None:
        return None
    way = 1 if position.quantity > 0 else -1
    hidden = sum(
        (
            abs(one.quantity)
            for one in world.positions
            if one.account_id == position.account_id
            and one.instrument_key == position.instrument_key
            and one.strategy != position.strategy
            and one.quantity * way < 0
        ),
        ZERO,
    )
    return max(position.broker_quantity * way + hidden, ZERO)


def close_quantity(position: PositionFacts, world: World, fraction: Decimal, *, ends: bool, step: Decimal) -> Decimal:
    """What an exit of that fraction of our holding closes.

    Our holding is our position less what working exits will close of it, so that two exits of a half close all between
    them. Rounded down to the step, except where it ends the position: then the remainder goes, whatever its size.
    """
    most = closable(position, world)
    if ends:
        return most
    holding = abs(position.quantity) - working_exits(world, position, of_all=False)
    with_fraction = CONTEXT.multiply(max(holding, ZERO), min(fraction, ONE))
    return min(floor_to(with_fraction, step), floor_to(most, step))


def fraction_of(
    position: PositionFacts | None, before: SenderPosition, quantity: Decimal, named: str | None
) -> Decimal:
    """The fraction of our holding that an exit of a sender's quantity closes.

    Without a named entry: quantity ÷ the sender's position. With one: of what we hold of that entry, quantity ÷ what
    remains of it, and what goes beyond it from the rest of the position, because a ladder's exits match its entries
    only in sum. What we hold of an entry follows from what each filled; where that is not known, from the sender's.
    """
    size = before.size
    if not size:
        return ONE
    if named is None:
        return min(quantity / size, ONE)
    own = _own_share(position, before, named)
    remaining = before.of(named)
    if quantity <= remaining:
        return own * quantity / remaining
    rest = size - remaining
    return min(own + (ONE - own) * (quantity - remaining) / rest, ONE) if rest > 0 else ONE


def _own_share(position: PositionFacts | None, before: SenderPosition, named: str) -> Decimal:
    opened = position.opened if position is not None else {}
    held = {
        entry: opened.get(entry.signal_id, ZERO) if opened else entry.quantity
        for entry in before.entries
        if entry.side is before.side
    }
    parts = [
        (entry.signal_id == named, quantity * entry.remaining / entry.quantity) for entry, quantity in held.items()
    ]
    total = sum((part for _, part in parts), ZERO)
    return sum((part for is_named, part in parts if is_named), ZERO) / total if total else ZERO
