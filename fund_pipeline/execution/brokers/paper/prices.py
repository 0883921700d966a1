"""Quotes for a paper account from files of daily closes: a column per instrument, a row per day."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import chain
from pathlib import Path

from fund_pipeline.errors import InputError
from fund_pipeline.execution.brokers.paper.broker import PaperBroker
from fund_pipeline.terms import AssetClass

FILES = {"us_stocks.csv": AssetClass.STOCK, "factor_etfs.csv": AssetClass.ETF}
"""Files of data/prices whose columns are symbols, and of which type."""


def closes(folder: Path, day: date | None = None) -> Mapping[str, Decimal]:
    """The closes of a day, or of the last day before it that there is, or the newest; by instrument key.

    InputError names the file and what is wrong with it.
    """
    found = {}
    for name, asset_class in FILES.items():
        row = _row_of(folder / name, day)
        for symbol, text in row.items():
            if symbol != "date" and text:
                found[f"{asset_class.value}:{symbol}"] = _price(folder / name, symbol, text)
    return found


def feed_closes(broker: PaperBroker, folder: Path, day: date | None = None) -> int:
    """Set the broker's prices to the closes of a day, which fills what they reach; how many were set."""
    prices = closes(folder, day)
    broker.set_prices(prices)
    return len(prices)


def _row_of(path: Path, day: date | None) -> Mapping[str, str]:
    try:
        changed = path.stat()
    except OSError as refused:
        raise _no_closes(path, refused) from None
    return _row(path, day, (changed.st_mtime_ns, changed.st_size))


@lru_cache(maxsize=8)
def _row(path: Path, day: date | None, _changed: tuple[int, int]) -> Mapping[str, str]:
    """Read once for as long as the file is the same: every step of a run feeds the prices."""
    newest: Mapping[str, str] = {}
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            head, lines = [next(handle, "")], (line for line in handle if line.strip())
            for row in csv.DictReader(chain(head, lines if day is not None else deque(lines, maxlen=1))):
                if day is not None and row["date"] > day.isoformat():
                    break
                newest = row
    except (OSError, KeyError) as refused:
        raise _no_closes(path, refused) from None
    return newest


def _no_closes(path: Path, refused: Exception) -> InputError:
    return InputError(f"{path} has no daily closes: {refused}", remedy="name the folder of the prices")


def _price(path: Path, symbol: str, text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price <= 0:
        raise InputError(f"{path}: {symbol} closes at {text!r}", remedy="correct the file")
    return price
