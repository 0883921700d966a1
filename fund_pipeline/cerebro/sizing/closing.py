"""How much an exit closes of one position. Execution asks again when an entry had to be cancelled first."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO, floor_to, to_places
from fund_pipeline.cerebro.sizing.book import SenderPosition
from fund_pipeline.cerebro.sizing.facts import PositionFacts
from fund_pipeline.cerebro.sizing.holdings import exits_of, working_exits
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.lots import Lot, Lots, held_by, of_nobody, taken, total


@dataclass(frozen=True)
class Share:
    """What an exit closes of a position: how much before rounding, whose lots first, and whether others' too."""

    quantity: Decimal
    entry: str | None
    others: bool


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


def lots_of(position: PositionFacts) -> Lots:
    """What each entry holds of it; all is nobody's where that is not known."""
    return position.lots or (Lot(None, 0, abs(position.quantity)),)


def entry_lots(position: PositionFacts, share: Share) -> Decimal:
    """What there is that an exit may close, working exits or not."""
    lots = lots_of(position)
    return total(lots) if share.others else held_by(lots, share.entry) + of_nobody(lots)


def holding(position: PositionFacts, world: World) -> Lots:
    """What we hold of it by entry, less what working exits will close."""
    lots = lots_of(position)
    for order in exits_of(world, position):
        lots = taken(lots, order.quantity, order.closes_entry)
    return lots


def share_of(
    position: PositionFacts, world: World, before: SenderPosition, quantity: Decimal, named: str | None
) -> Share:
    """What an exit of a sender's quantity closes of our holding.

    Without a named entry: quantity ÷ the sender's position. With one: of what we hold of that entry, quantity ÷ what
    remains of it, and what goes beyond it from the rest of the position, because a ladder's exits match its entries
    only in sum. What is held without an entry of ours is shared over the sender's entries as these remain.
    """
    lots, size = holding(position, world), before.size
    held = total(lots)
    if not size:
        return Share(held, None, others=True)
    if named is None:
        return Share(to_places(held * min(quantity / size, ONE)), None, others=True)
    remaining = before.of(named)
    own = held_by(lots, named) + of_nobody(lots) * (remaining / size)
    if quantity <= remaining:
        return Share(to_places(own * (quantity / remaining)), named, others=False)
    rest = size - remaining
    part = min((quantity - remaining) / rest, ONE) if rest > 0 else ONE
    return Share(to_places(own + (held - own) * part), named, others=True)


def close_quantity(position: PositionFacts, world: World, share: Decimal, *, ends: bool, step: Decimal) -> Decimal:
    """What an exit of that share of our holding closes.

    Rounded down to the step, except where it ends the position: then the remainder goes, whatever its size.
    """
    most = closable(position, world)
    return most if ends else min(floor_to(share, step), floor_to(most, step))
