"""Executions with what was booked beside them: what each of the broker's is to us by now. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.ledger.order_model import UNATTRIBUTED, Execution
from fund_pipeline.ledger.own_entries import EntryKind, read_id

_ZERO = Decimal(0)


@dataclass
class Folded:
    """One of the broker's executions, as our books have it.

    Attributes
    ----------
    first : as it was told first.
    stands : as it counts now; None once it was undone.
    commission : of it and all that was added.
    owner : the strategy that holds it now.
    entries : how many entries there are about it, by kind.
    """

    first: Execution
    stands: Execution | None
    commission: Decimal
    owner: str
    entries: dict[EntryKind, int]

    @property
    def is_nobodys(self) -> bool:
        """Whether it trades, and nobody has said whose it is."""
        return self.stands is not None and self.stands.quantity != 0 and self.owner == UNATTRIBUTED

    def next(self, kind: EntryKind) -> int:
        """The number of the next entry of a kind."""
        return self.entries.get(kind, 0) + 1


def fold(executions: Iterable[Execution]) -> dict[str, Folded]:
    """The broker's executions by how entries name them, in the order in which they were booked."""
    found: dict[str, Folded] = {}
    for one in executions:
        kind, about = read_id(one.broker_execution_id)
        if kind is None:
            found[about] = Folded(one, one, one.commission, one.strategy, {})
            continue
        group = found.get(about)
        if group is None:
            continue  # a split is about an instrument
        group.entries[kind] = group.entries.get(kind, 0) + 1
        group.commission += one.commission
        if kind is EntryKind.UNDO:
            group.stands = None
        elif kind is EntryKind.REDO:
            group.stands, group.owner = one, one.strategy
        elif kind is EntryKind.IN:
            group.owner = one.strategy
    return found
