"""The instrument master: how each instrument trades, found by whatever spelling a sender uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from fund_pipeline.instruments.file import ClassTerms, InstrumentEntry, read_file, unreadable
from fund_pipeline.terms import AssetClass

_SEPARATORS = re.compile(r"[/\-_.]")
_CONTINUOUS = re.compile(r"[12]!$")
_SPELLING = re.compile(r"([A-Z0-9_]{1,20}:)?[A-Z0-9./_\-]{1,30}([12]!)?")


@dataclass(frozen=True)
class Instrument:
    """How an instrument trades. An option's is that of all options on its underlying.

    Attributes
    ----------
    symbol : the master's name: ticker, pair, coin, root of a future, underlying of an option.
    multiplier : value of one point of price for one unit of quantity, in `currency`.
    lot_step, tick : smallest steps of quantity and price.
    currency : ISO 4217, of prices.
    exchange : where it trades; None for FX, crypto and options.
    calendar : exchange_calendars name.
    margin_per_contract : of a future, in `currency`; None where nobody has said, so that it cannot be entered.
    also : types that another instrument of this name has elsewhere.
    in_master : False where only the terms of its asset class are known.
    """

    symbol: str
    asset_class: AssetClass
    multiplier: Decimal
    lot_step: Decimal
    tick: Decimal
    currency: str
    exchange: str | None
    calendar: str
    name: str = ""
    also: frozenset[AssetClass] = frozenset()
    in_master: bool = True
    margin_per_contract: Decimal | None = None


@dataclass(frozen=True)
class Spelling:
    """A sender's spelling taken apart: `COMEX:GC1!` is GC, stated to trade on COMEX."""

    symbol: str
    exchange: str | None


class InstrumentMaster:
    """All instruments, by any spelling. Immutable."""

    def __init__(
        self,
        instruments: Iterable[InstrumentEntry],
        classes: Mapping[AssetClass, ClassTerms],
        listings: Iterable[str] = (),
        exchange_aliases: Mapping[str, str] | None = None,
    ) -> None:
        self._classes = dict(classes)
        self._listings = frozenset(listings)
        self._exchange_aliases = dict(exchange_aliases or {})
        self._by_spelling: dict[str, list[Instrument]] = {}
        self._all: list[Instrument] = []
        for entry in instruments:
            instrument = self._complete(entry)
            self._all.append(instrument)
            for spelling in (entry.symbol, *entry.aliases):
                self._by_spelling.setdefault(_joined(spelling), []).append(instrument)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """All instruments, in the order of the file."""
        return tuple(self._all)

    def candidates(self, symbol: str) -> tuple[Instrument, ...]:
        """The instruments with that spelling, options not among them."""
        return tuple(self._by_spelling.get(_joined(symbol), ()))

    def of_class(self, symbol: str, asset_class: AssetClass, exchange: str | None = None) -> Instrument | None:
        """The instrument of that type: in the master, or on the terms of its asset class, or None.

        A stock or fund stated to trade on an exchange that is no listing of the file has no terms here.
        """
        for found in self.candidates(symbol):
            if found.asset_class is asset_class:
                return found
        terms = self._classes[asset_class]
        symbol = _joined(symbol) if asset_class is AssetClass.FOREX else symbol
        if terms.open_to is None or not re.fullmatch(terms.open_to, symbol):
            return None
        is_listed = asset_class in (AssetClass.STOCK, AssetClass.ETF)
        if is_listed and exchange is not None and exchange not in self._listings:
            return None
        known = asset_class is AssetClass.OPTION and bool(self.candidates(symbol))
        entry = InstrumentEntry(symbol=symbol, asset_class=asset_class)
        return self._complete(entry, in_master=known)

    def exchange(self, stated: str) -> str:
        """An exchange in the master's spelling."""
        name = stated.strip().upper()
        return self._exchange_aliases.get(name, name)

    def spelling(self, written: str) -> Spelling | None:
        """A sender's spelling taken apart, in capitals; None where it is no name of an instrument."""
        text = written.strip()
        if not text.isascii() or not _SPELLING.fullmatch(text := text.upper()):
            return None
        prefix, _, name = text.rpartition(":")
        return Spelling(_CONTINUOUS.sub("", name), self.exchange(prefix) if prefix else None)

    def _complete(self, entry: InstrumentEntry, *, in_master: bool = True) -> Instrument:
        terms = entry.on(self._classes[entry.asset_class])
        return Instrument(
            symbol=entry.symbol,
            asset_class=entry.asset_class,
            multiplier=terms.multiplier,
            lot_step=terms.lot_step,
            tick=terms.tick,
            currency=terms.currency,
            exchange=entry.exchange,
            calendar=terms.calendar,
            name=entry.name,
            also=entry.also,
            in_master=in_master,
            margin_per_contract=terms.margin_per_contract,
        )


def load_master(path: Path) -> InstrumentMaster:
    """The master in a file (data/instruments.yaml), read again when its time or size has changed.

    InputError names the file, the field, its value and the fix.
    """
    try:
        found = path.stat()
    except OSError as refused:
        raise unreadable(path, refused) from None
    return _loaded(path, (found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=4)
def _loaded(path: Path, _changed: tuple[int, int]) -> InstrumentMaster:
    file = read_file(path)
    return InstrumentMaster(file.instruments, file.classes, file.listings, file.exchange_aliases)


def _joined(spelling: str) -> str:
    return _SEPARATORS.sub("", spelling.upper())
