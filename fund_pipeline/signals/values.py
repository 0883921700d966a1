"""A signal as plain JSON values, and back, for storing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fund_pipeline.errors import InvariantError
from fund_pipeline.signals.model import Signal

_SIGNAL = TypeAdapter(Signal)


def as_values(signal: Signal) -> dict[str, Any]:
    """Plain values: decimals as texts with every digit, times and days in ISO 8601, enums as their codes."""
    values: dict[str, Any] = _SIGNAL.dump_python(signal, mode="json")
    return values


def from_values(values: Mapping[str, Any]) -> Signal:
    """The signal that `as_values` gave. InvariantError where these are not its values."""
    try:
        return _SIGNAL.validate_python(dict(values))
    except ValidationError as damaged:
        first = damaged.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvariantError(
            f"a stored signal cannot be read: {where}: {first['msg']}", remedy="replay it from its raw form"
        ) from None
