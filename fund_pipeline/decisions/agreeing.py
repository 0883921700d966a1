"""Whether a broker holds what our books say, as sizing sees it: by the rules, and in the locks, of reconciliation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from fund_pipeline.accounts.reconciliation.noting import note_positions
from fund_pipeline.accounts.reconciliation.positions import working
from fund_pipeline.decisions.brokers import Told
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.break_model import Break, Section
from fund_pipeline.ledger.breaks import list_breaks
from fund_pipeline.ledger.open_books import OpenBooks

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


def views_of(
    ledger: Ledger, accounts: Iterable[Account], books: OpenBooks, told: Mapping[str, Told], now: datetime
) -> dict[str, View]:
    """How broker and books agree on each account, by id."""
    standing = list_breaks(ledger, sections={Section.POSITIONS})
    return {
        name: view_of(ledger, name, books, told.get(name), [one for one in standing if one.account_id == name], now)
        for name in (one.account_id for one in accounts)
    }


def view_of(
    ledger: Ledger, account_id: str, books: OpenBooks, told: Told | None, standing: Iterable[Break], now: datetime
) -> View:
    """How broker and books agree on an account, in the instruments that the books were asked about.

    What is new in it, or over, is noted in the breaks of positions, of which `standing` are those of the account.
    """
    if told is None:
        return View(answered=False)
    ours: dict[str, Decimal] = {}
    for one in books.positions:
        if one.account_id == account_id:
            ours[one.instrument_key] = ours.get(one.instrument_key, _ZERO) + one.quantity
    on_their_way = working(one for one in books.orders if one.account_id == account_id)
    broken = note_positions(ledger, account_id, ours, told.positions, on_their_way, books.instruments, standing, now)
    return View(True, broken, ours, told.positions)
