"""TradingView: a flat alert filled in from the placeholders of a strategy's order; docs/signals.md has the template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fund_pipeline.signals.context import Context, Reading
from fund_pipeline.signals.formats.format import Format
from fund_pipeline.signals.model import Leg, Signal
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.reading.assembling import assemble
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reading.legs import read_legs

NAMES = {
    "instrument": ("ticker",),
    "underlying": ("underlying", "ticker"),
    "quantity": ("quantity", "contracts"),
}

_POSITION = (
    ("prev_market_position", "prev_market_position_size"),
    ("market_position", "market_position_size"),
)


def recognise(raw: Mapping[str, Any]) -> bool:
    """A `ticker` at the top, and neither of the other payloads."""
    return "ticker" in raw and raw.get("signal") is None and raw.get("signal_legs") is None


def read(raw: Mapping[str, Any], context: Context) -> Signal:
    """The signal. SignalError with the first problem.

    The position that the alert states does not decide the type: it is recorded, and compared when the type is inferred.
    """
    fields = Fields(raw, "", NAMES)

    def legs(reading: Reading) -> tuple[Leg, ...]:
        before, after = (_stated(fields, *names) for names in _POSITION)
        if before or after:
            words = f"{before or 'not stated'} -> {after or 'not stated'}"
            reading.note(NoteCode.POSITION_STATED, "market_position", words)
        return read_legs(fields, reading)

    return assemble(raw, context, "tradingview", (fields,), legs, "")


def _stated(fields: Fields, position: str, size: str) -> str:
    found = (fields.get(position), fields.get(size))
    return " ".join(str(value)[:40] for value in found if value is not None)


FORMAT = Format("tradingview", recognise, read)
