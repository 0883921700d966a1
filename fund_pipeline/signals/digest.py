"""Which signal it is, whether it came before, and its text without the passphrase."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from json.encoder import encode_basestring_ascii
from typing import Any

from fund_pipeline.signals.options import DuplicatePolicy

PASSPHRASE = "passphrase"  # noqa: S105 - the name of a field
RECEIVED_AT = "received_at"

HOOK_FIELDS = ("timestamp", "signalID", "signal_sent_EPOCH", "strategy_name", "signal")
"""All that the collector's hook is given."""


@dataclass(frozen=True)
class SignalKey:
    """What makes a signal the same again, over every way in."""

    strategy: str
    sender_signal_id: str


class DuplicateVerdict(StrEnum):
    """What a signal is beside those already stored under its key."""

    NEW = "NEW"
    SAME = "SAME"
    CONFLICT = "CONFLICT"


def duplicate_verdict(known: Collection[str], digest: str, policy: DuplicatePolicy) -> DuplicateVerdict:
    """NEW: store it. SAME: answer as the first time, store nothing. CONFLICT: 409.

    `known` are the digests stored under the key. With IDS_REPEAT a known id with other content is NEW.
    """
    if digest in known:
        return DuplicateVerdict.SAME
    return DuplicateVerdict.CONFLICT if known and policy is DuplicatePolicy.IDS_UNIQUE else DuplicateVerdict.NEW


def without_passphrase(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without any key that is `passphrase`, however it is capitalised and wherever it stands."""
    return {key: _stripped(value) for key, value in raw.items() if key.casefold() != PASSPHRASE}


def content_digest(raw: Mapping[str, Any]) -> str:
    """SHA-256, hexadecimal, of the canonical JSON of everything but passphrase and receive time.

    Order of keys, white space and the way a number is written (1, 1.0, 10e-1) do not matter; anything else does.
    """
    kept = {key: value for key, value in without_passphrase(raw).items() if key != RECEIVED_AT}
    return hashlib.sha256(_written(kept, _canonical_number).encode()).hexdigest()


def hook_digest(raw: Mapping[str, Any]) -> str:
    """The digest of what the collector's hook passes on, so that its copy of a webhook's signal can be known again.

    The hook passes null, or an empty object, for what a signal has not: either is as if absent.
    """
    return content_digest({key: raw[key] for key in HOOK_FIELDS if raw.get(key) not in (None, {})})


def raw_text(raw: Mapping[str, Any]) -> str:
    """JSON for the inbox: no passphrase, keys sorted, numbers as they were written; `parse_json` reads it back."""
    return _written(without_passphrase(raw), str)


def json_text(raw: Mapping[str, Any]) -> str:
    """JSON of what `parse_json` gives, with nothing left out: for sending, never for storing."""
    return _written(raw, str)


def _stripped(value: Any) -> Any:
    match value:
        case Mapping():
            return without_passphrase(value)
        case list() | tuple():
            return [_stripped(item) for item in value]
        case _:
            return value


def _written(value: Any, number: Callable[[int | Decimal], str]) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return encode_basestring_ascii(value)
        case int() | Decimal():
            return number(value)
        case Mapping():
            pairs = (f"{encode_basestring_ascii(key)}:{_written(value[key], number)}" for key in sorted(value))
            return "{" + ",".join(pairs) + "}"
        case list() | tuple():
            return "[" + ",".join(_written(item, number) for item in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} is not what parse_json or adopt gives")


def _canonical_number(number: int | Decimal) -> str:
    """Digits and exponent: exact, whatever the precision of the decimal context is."""
    sign, digits, exponent = Decimal(number).as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    kept = text.rstrip("0")
    return f"{'-' if sign else ''}{kept}e{int(exponent) + len(text) - len(kept)}" if kept else "0"
