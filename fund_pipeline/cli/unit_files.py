"""Units of strategies, the smallest sizes at which they can run, from a file or from the registry."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.cerebro.account_size import Unit
    from fund_pipeline.settings import Settings

_NEEDED = ("strategy", "unit_notional")
_OPTIONAL = ("margin_per_unit", "lot_step")
_REMEDY = f"give a CSV with the columns {', '.join(_NEEDED)} and, if known, {', '.join(_OPTIONAL)}"


def units_in(path: Path, strategies: tuple[str, ...]) -> dict[str, Unit]:
    """Units by strategy from a CSV with a header; strategies that are not asked for are ignored.

    InputError names file, row, column, value and fix: a column that is missing or unknown, a strategy that is there
    twice or has no row, an amount that is no number or out of its range.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            columns, rows = [(name or "").strip() for name in reader.fieldnames or ()], list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as unreadable:
        raise InputError(f"--units {path} cannot be read: {unreadable}", remedy=_REMEDY) from None
    missing = [name for name in _NEEDED if name not in columns]
    unknown = [name for name in columns if name not in (*_NEEDED, *_OPTIONAL)]
    if missing or unknown:
        wrong = f"has no column {missing[0]}" if missing else f"has an unknown column {unknown[0]!r}"
        raise InputError(f"--units {path} {wrong}", remedy=_REMEDY)
    found: dict[str, Unit] = {}
    for number, row in enumerate(rows, start=2):
        cells = {name.strip(): (text or "").strip() for name, text in row.items() if name is not None}
        if cells["strategy"] in found:
            raise InputError(
                f"--units {path}, row {number}: {cells['strategy']} is there twice", remedy="keep one row of each"
            )
        found[cells["strategy"]] = _unit(f"--units {path}, row {number}", cells)
    _all_there(f"--units {path}", found, strategies, "add a row for each")
    return found


def units_in_registry(settings: Settings, strategies: tuple[str, ...]) -> dict[str, Unit]:
    """Units by strategy from the ledger. InputError names the strategies without one."""
    from fund_pipeline.cerebro.account_size import Unit
    from fund_pipeline.cli.context import ledger_of
    from fund_pipeline.ledger.strategies import list_strategies

    with ledger_of(settings) as ledger:
        known = list_strategies(ledger)
    found = {
        one.strategy_id: Unit(one.unit_notional, one.margin_per_unit, one.lot_step)
        for one in known
        if one.unit_notional is not None and one.strategy_id in strategies
    }
    _all_there("the registry", found, strategies, "use `fund strategies set ID unit_notional=...` for each")
    return found


def _all_there(where: str, found: Mapping[str, Unit], strategies: tuple[str, ...], remedy: str) -> None:
    missing = [name for name in strategies if name not in found]
    if missing:
        raise InputError(f"{where} has no unit_notional for {', '.join(missing)}", remedy=remedy)


def _unit(where: str, cells: Mapping[str, str]) -> Unit:
    from fund_pipeline.cerebro.account_size import Unit

    amounts = {name: _amount(where, name, cells[name]) for name in (*_NEEDED[1:], *_OPTIONAL) if cells.get(name)}
    if "unit_notional" not in amounts:
        raise InputError(f"{where}, column unit_notional is empty", remedy="give the capital of one unit")
    try:
        return Unit(amounts["unit_notional"], amounts.get("margin_per_unit"), amounts.get("lot_step", Decimal(1)))
    except InputError as wrong:
        raise InputError(f"{where}: {wrong.message}", remedy=wrong.remedy) from None


def _amount(where: str, column: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InputError(f"{where}, column {column}: {text!r} is no number", remedy="write it as 25000") from None
