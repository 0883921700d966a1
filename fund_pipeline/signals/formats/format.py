"""What a format is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fund_pipeline.signals.context import Context
from fund_pipeline.signals.model import Signal


@dataclass(frozen=True)
class Format:
    """A sender format.

    Attributes
    ----------
    name : kept with every signal it read.
    recognise : whether a payload is one of its own; never raises.
    read : the signal; SignalError with the first problem.
    """

    name: str
    recognise: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Mapping[str, Any], Context], Signal]
