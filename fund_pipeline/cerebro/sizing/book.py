"""The sender's own book: the running sum of its accepted signals in its own units, whatever we made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, side_of
from fund_pipeline.cerebro.sizing.signal_facts import BookEntry
from fund_pipeline.terms import Side


@dataclass(frozen=True)
class SenderPosition:
    """A sender's position in one instrument.

    Attributes
    ----------
    entries : those that are not closed, oldest first.
    """

    entries: tuple[BookEntry, ...]

    @property
    def signed(self) -> Decimal:
        """Its size, below 0 for a short."""
        return sum((entry.signed for entry in self.entries), ZERO)

    @property
    def size(self) -> Decimal:
        """Its size without sign."""
        return abs(self.signed)

    @property
    def side(self) -> Side | None:
        """The side that opened it; None for none."""
        return side_of(self.signed) if self.signed else None

    def of(self, signal_id: str | None) -> Decimal:
        """What remains of what one signal opened."""
        return sum((entry.remaining for entry in self.entries if entry.signal_id == signal_id), ZERO)


def sender_position(book: Iterable[BookEntry], strategy: str, instrument_key: str) -> SenderPosition:
    """A strategy's position in an instrument, as its sender sees it."""
    found = (e for e in book if e.strategy == strategy and e.instrument_key == instrument_key and e.remaining)
    return SenderPosition(tuple(found))


def reduced(position: SenderPosition, quantity: Decimal, first: str | None) -> tuple[BookEntry, ...]:
    """The entries that an exit changes: of the signal it names, then the oldest. More than there is closes all."""
    if quantity >= position.size:
        return tuple(replace(entry, remaining=ZERO) for entry in position.entries)
    changed, left = [], quantity
    for entry in sorted(position.entries, key=lambda entry: entry.signal_id != first):
        if entry.side is not position.side or not left:
            continue
        taken = min(left, entry.remaining)
        changed.append(replace(entry, remaining=entry.remaining - taken))
        left -= taken
    return tuple(changed)
