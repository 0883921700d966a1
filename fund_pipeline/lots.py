"""Lots: what the fills of each entry still hold of a position. One law for the books and for what is yet to be closed.

A fill on the position's side adds to the lot of its order's signal and leg. One against it takes from the lot that its
order names first, then from the others, the oldest first: as a sender's own book is reduced (SIGNALS, rule 4). So a
position is always the sum of its lots, and a stop or an exit of one entry never closes what another has opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

Lots = tuple["Lot", ...]
"""The oldest first."""

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Lot:
    """What one leg of a signal holds of a position.

    Attributes
    ----------
    signal_id : whose entry opened it; None where the order was not ours.
    quantity : > 0, whatever the position's side.
    """

    signal_id: str | None
    leg: int
    quantity: Decimal

    def is_of(self, signal_id: str | None, leg: int | None = None) -> bool:
        """Whether a signal opened it, with that leg if one is named."""
        return self.signal_id is not None and self.signal_id == signal_id and leg in (None, self.leg)


def total(lots: Iterable[Lot]) -> Decimal:
    """What they hold together."""
    return sum((lot.quantity for lot in lots), _ZERO)


def held_by(lots: Iterable[Lot], signal_id: str | None, leg: int | None = None) -> Decimal:
    """What the lots of a signal hold, or of one leg of it."""
    return total(lot for lot in lots if lot.is_of(signal_id, leg))


def of_nobody(lots: Iterable[Lot]) -> Decimal:
    """What is held without a signal of ours."""
    return total(lot for lot in lots if lot.signal_id is None)


def added(lots: Lots, signal_id: str | None, leg: int, quantity: Decimal) -> Lots:
    """With so much more in the lot of a signal and leg, which keeps its age."""
    if not quantity:
        return lots
    for index, lot in enumerate(lots):
        if (lot.signal_id, lot.leg) == (signal_id, leg):
            return (*lots[:index], replace(lot, quantity=lot.quantity + quantity), *lots[index + 1 :])
    return (*lots, Lot(signal_id, leg, quantity))


def taken(lots: Lots, quantity: Decimal, first: str | None = None, leg: int | None = None) -> Lots:
    """With so much less, at most all: of the signal named `first` (and its leg), then of the oldest."""
    if not quantity:
        return lots
    left, kept = quantity, {}
    for index, lot in sorted(enumerate(lots), key=lambda one: not one[1].is_of(first, leg)):
        part = min(left, lot.quantity)
        kept[index] = replace(lot, quantity=lot.quantity - part)
        left -= part
    return tuple(kept[index] for index in range(len(lots)) if kept[index].quantity)
