"""One small file per sender format. A new one is a file here, with a FORMAT, and its samples in the tests.

Each knows its payload when it sees it, and reads it to the one standardised signal."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from fund_pipeline.signals.context import Context
from fund_pipeline.signals.errors import Problem, SignalError, refusal
from fund_pipeline.signals.formats.format import Format
from fund_pipeline.signals.model import Signal
from fund_pipeline.signals.reasons import QuarantineReason

_NOT_FORMATS = frozenset({"format"})


def _registered() -> dict[str, Format]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NOT_FORMATS)
    formats: list[Format] = [import_module(f"{__name__}.{name}").FORMAT for name in names]
    return {one.name: one for one in formats}


FORMATS = _registered()
"""Every format, by name. Which comes first does not matter: a payload that two of them know is quarantined."""


def recognised(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the formats that know a payload."""
    return tuple(name for name, one in FORMATS.items() if one.recognise(raw))


def standardise(raw: Mapping[str, Any], context: Context) -> Signal | Problem:
    """The signal a payload means, or the one problem that keeps it in quarantine.

    `raw` is what `parse_json` or `adopt` gives, with or without the passphrase. A payload whose envelope would have
    been refused (it came over the collector's hook) has a problem with a RejectionReason.
    """
    try:
        names = recognised(raw)
        if len(names) == 1:
            return FORMATS[names[0]].read(raw, context)
    except SignalError as wrong:
        return wrong.problem
    if names:
        message = f"the payload is {' and '.join(names)} at once"
        return refusal(QuarantineReason.TWO_PAYLOADS, "", message=message).problem
    return refusal(QuarantineReason.UNKNOWN_FORMAT, "").problem


__all__ = ["FORMATS", "Format", "recognised", "standardise"]
