"""v0: `signal` holds one order, by `ticker`, without an instrument type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fund_pipeline.signals.context import Context
from fund_pipeline.signals.formats.format import Format
from fund_pipeline.signals.model import Signal
from fund_pipeline.signals.reading.assembling import assemble
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reading.legs import read_legs
from fund_pipeline.signals.reading.single_leg import fields_of

TYPED = ("instrument_type", "legs")


def recognise(raw: Mapping[str, Any]) -> bool:
    """A `signal` that says nothing of its instrument's type."""
    signal = raw.get("signal")
    return signal is not None and not (isinstance(signal, Mapping) and any(name in signal for name in TYPED))


def read(raw: Mapping[str, Any], context: Context) -> Signal:
    """The signal. SignalError with the first problem."""
    return read_dict(raw, context, "v0")


def read_dict(raw: Mapping[str, Any], context: Context, name: str) -> Signal:
    """The signal of a payload with a `signal`. SignalError with the first problem."""
    top = Fields(raw, "")
    signal = fields_of(raw["signal"], "signal", beside=top)
    return assemble(raw, context, name, (top, signal), lambda reading: read_legs(signal, reading), "signal")


FORMAT = Format("v0", recognise, read)
