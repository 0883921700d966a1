"""Whether a broker holds what our books say, given that orders which work may have filled without our hearing of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from fund_pipeline.decisions.brokers import Told
from fund_pipeline.ledger.open_books import OpenBooks
from fund_pipeline.terms import Side

_ZERO = Decimal(0)


@dataclass(frozen=True)
class View:
    """One account as its broker has it.

    Attributes
    ----------
    answered : the broker has said what it holds.
    broken : instruments in which it holds something else than our books say, more than fills on their way can explain.
    """

    answered: bool
    broken: frozenset[str] = frozenset()
    _ours: Mapping[str, Decimal] = field(default_factory=dict)
    _theirs: Mapping[str, Decimal] = field(default_factory=dict)

    def held(self, instrument_key: str) -> Decimal | None:
        """What the broker holds, as of our books: fills on their way are not in it. None where it did not answer."""
        if not self.answered:
            return None
        return (self._theirs if instrument_key in self.broken else self._ours).get(instrument_key, _ZERO)


def view_of(account_id: str, books: OpenBooks, told: Told | None) -> View:
    """How broker and books agree on an account, in the instruments that the books were asked about."""
    if told is None:
        return View(answered=False)
    ours: dict[str, Decimal] = {}
    for one in books.positions:
        if one.account_id == account_id:
            ours[one.instrument_key] = ours.get(one.instrument_key, _ZERO) + one.quantity
    buys: dict[str, Decimal] = {}
    sells: dict[str, Decimal] = {}
    for order in books.orders:
        if order.account_id == account_id:
            way = buys if order.side is Side.BUY else sells
            way[order.instrument_key] = way.get(order.instrument_key, _ZERO) + order.remaining
    broken = frozenset(
        key
        for key in books.instruments
        if not -sells.get(key, _ZERO) <= told.positions.get(key, _ZERO) - ours.get(key, _ZERO) <= buys.get(key, _ZERO)
    )
    return View(True, broken, ours, told.positions)
