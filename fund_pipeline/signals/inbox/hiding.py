"""Taking a passphrase out of what is kept, wherever the sender wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

from fund_pipeline.signals.digest import PASSPHRASE, raw_text
from fund_pipeline.signals.senders.passphrases import LEAST_CHARACTERS

HIDDEN = "***"
CUT = "..."


def holds(text: str, passphrase: str) -> bool:
    """Whether a passphrase is in a text. One too short to be a sender's is in none."""
    return len(passphrase) >= LEAST_CHARACTERS and passphrase in text


def without(text: str, passphrase: str) -> str:
    """A text with asterisks in a passphrase's place, as it is and as JSON writes it."""
    if len(passphrase) < LEAST_CHARACTERS:
        return text
    return text.replace(passphrase, HIDDEN).replace(as_written(passphrase), HIDDEN)


def passphrase_of(payload: Mapping[str, Any]) -> str:
    """What a payload says under `passphrase`, however that is written; empty for nothing."""
    found = (value for key, value in payload.items() if key.casefold() == PASSPHRASE and isinstance(value, str))
    return next(found, "")


def stored_text(payload: Mapping[str, Any], passphrase: str) -> str:
    """JSON for the ledger: without any key `passphrase`, and with asterisks wherever else it stands, numbers too."""
    text = raw_text(payload)
    written = as_written(passphrase)
    if not holds(text, written):
        return text
    # Where it is in the text only across values it is no value to be read, and hiding it matters more than reading it.
    return without(raw_text(_hiding(payload, passphrase)), passphrase)


def told(problem: Mapping[str, str | None], payload: Mapping[str, Any], passphrase: str) -> dict[str, str | None]:
    """A problem's plain values without the passphrase, nor the beginning of it where a text was cut within it."""
    elsewhere = holds(raw_text(payload), as_written(passphrase))
    found = {}
    for name, text in problem.items():
        kept = None if text is None else without(text, passphrase)
        cut = elsewhere and CUT in (kept or "")
        keyed = name == "value" and PASSPHRASE in (kept or "").casefold()
        found[name] = HIDDEN if kept is not None and (cut or keyed) else kept
    return found


def as_written(passphrase: str) -> str:
    """A text as JSON in ASCII writes it, without the quotes round it."""
    return encode_basestring_ascii(passphrase)[1:-1]


def _hiding(value: Any, passphrase: str) -> Any:
    match value:
        case str():
            return value.replace(passphrase, HIDDEN)
        case bool() | None:
            return value
        case int() | Decimal():
            return HIDDEN if passphrase in str(value) else value
        case Mapping():
            return {key.replace(passphrase, HIDDEN): _hiding(item, passphrase) for key, item in value.items()}
        case list() | tuple():
            return [_hiding(item, passphrase) for item in value]
        case _:
            return value
