"""v1: `signal_legs` is a list of orders, decided as one; type and equity stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fund_pipeline.signals.context import Context
from fund_pipeline.signals.formats.format import Format
from fund_pipeline.signals.model import Signal
from fund_pipeline.signals.reading.assembling import assemble
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reading.legs import read_list

LEGS = "signal_legs"
_OTHER_PAYLOADS = ("signal", "ticker", "instrument")


def recognise(raw: Mapping[str, Any]) -> bool:
    """`signal_legs`, or an exit or cancel that only names its entry."""
    if raw.get(LEGS) is not None:
        return True
    return raw.get("entry_signal_id") is not None and all(raw.get(name) is None for name in _OTHER_PAYLOADS)


def read(raw: Mapping[str, Any], context: Context) -> Signal:
    """The signal. SignalError with the first problem."""
    top = Fields(raw, "")
    return assemble(
        raw, context, "v1", (top,), lambda reading: read_list(raw.get(LEGS), LEGS, reading, beside=top), LEGS
    )


FORMAT = Format("v1", recognise, read)
