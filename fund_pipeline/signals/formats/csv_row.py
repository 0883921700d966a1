"""CSV replay: one row, one signal with one leg; every column is a text, an empty cell is no value."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from fund_pipeline.errors import InputError
from fund_pipeline.signals.context import Context
from fund_pipeline.signals.formats.format import Format
from fund_pipeline.signals.model import Signal
from fund_pipeline.signals.reading.assembling import assemble
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reading.legs import read_legs

COLUMNS = (
    *("strategy_name", "signalID", "signal_sent_EPOCH", "environment", "signal_type", "entry_signal_id"),
    *("account_equity", "instrument", "instrument_type", "action", "direction", "quantity", "order_type", "price"),
    *("limit_price", "stop_price", "stop_loss", "take_profit", "expiry", "exchange", "underlying", "strike", "right"),
)
"""What a replay file may hold, in any order; further columns are kept and ignored."""

_PAYLOADS = ("signal", "signal_legs", "ticker")


def recognise(raw: Mapping[str, Any]) -> bool:
    """An `instrument` at the top, and none of the other payloads."""
    return "instrument" in raw and all(raw.get(name) is None for name in _PAYLOADS)


def read(raw: Mapping[str, Any], context: Context) -> Signal:
    """The signal. SignalError with the first problem."""
    fields = Fields(raw, "")
    return assemble(raw, context, "csv_row", (fields,), lambda reading: read_legs(fields, reading), "")


def rows_of(text: str) -> tuple[dict[str, str], ...]:
    """The rows of a replay file, in order, each a payload. InputError names the line."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = next(rows, [])
        if len(set(header)) < len(header) or "instrument" not in header:
            raise InputError(
                "line 1: the header needs `instrument`, and each column once", remedy="see docs/signals.md"
            )
        found = []
        for row in filter(None, rows):
            if len(row) != len(header):
                message = f"line {rows.line_num}: {len(row)} cells under {len(header)} columns"
                raise InputError(message, remedy="give every row as many cells as the header has")
            found.append(dict(zip(header, row, strict=True)))
    except csv.Error as broken:
        raise InputError(f"line {rows.line_num}: {broken}", remedy="correct the file") from None
    return tuple(found)


FORMAT = Format("csv_row", recognise, read)
