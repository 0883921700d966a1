"""Recovery codes: each stands in for a one-time code once, for the day a phone is lost."""

from __future__ import annotations

import re
import secrets

COUNT = 10
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 without letters that look like digits (Crockford)."""

CHARACTERS = 16
LOOKALIKES = str.maketrans("OIL", "011")


def new_codes() -> tuple[str, ...]:
    """Ten new codes of 80 random bits each, written in groups of four."""
    return tuple(_grouped("".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))) for _ in range(COUNT))


def plain(code: str) -> str | None:
    """A typed recovery code as it is hashed, whatever its case, groups and lookalike letters; None if it is none."""
    text = re.sub(r"[\s-]", "", code).upper().translate(LOOKALIKES)
    return text if len(text) == CHARACTERS and set(text) <= set(ALPHABET) else None


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, CHARACTERS, 4))
