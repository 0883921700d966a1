"""v2: `signal` holds one order with its instrument type, or one option combination."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fund_pipeline.signals.context import Context
from fund_pipeline.signals.formats.format import Format
from fund_pipeline.signals.formats.v0 import TYPED, read_dict
from fund_pipeline.signals.model import Signal


def recognise(raw: Mapping[str, Any]) -> bool:
    """A `signal` with an instrument type or option legs."""
    signal = raw.get("signal")
    return isinstance(signal, Mapping) and any(name in signal for name in TYPED)


def read(raw: Mapping[str, Any], context: Context) -> Signal:
    """The signal. SignalError with the first problem."""
    return read_dict(raw, context, "v2")


FORMAT = Format("v2", recognise, read)
