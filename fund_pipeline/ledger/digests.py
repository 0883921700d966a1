"""The digest that names exactly what an allocation is: what it was found from, and its weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fund_pipeline.ledger.canonical import canonical

SHOWN_CHARACTERS = 16


def digest_of(value: Mapping[str, Any]) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def record_digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON value by its meaning: the same before it is stored and after, on SQLite and PostgreSQL."""
    return hashlib.sha256(canonical(json.loads(json.dumps(value))).encode()).hexdigest()


def allocation_digest(inputs_digest: str, weights: Mapping[str, Decimal]) -> str:
    """Digest of an allocation: changes with any input and any weight."""
    return digest_of({"inputs": inputs_digest, "weights": {name: _text(w) for name, w in sorted(weights.items())}})


def _text(weight: Decimal) -> str:
    """Equal weights have one text, however many zeros they end in: the ledger gives 0.50 back as 0.5."""
    usual = f"{weight:.8f}"
    return usual if Decimal(usual) == weight else f"{weight:f}"


def names_digest(given: str, digest: str) -> bool:
    """Whether what a person gave names this digest: its beginning as it was shown, or more of it."""
    return len(given) >= SHOWN_CHARACTERS and digest.startswith(given)


def shown_id(allocation_id: str, digest: str) -> str:
    """What a person names to decide: the id, and enough of the digest that it can mean nothing else."""
    return f"{allocation_id}:{digest[:SHOWN_CHARACTERS]}"
