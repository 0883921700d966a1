"""How a user is named, the same for everyone who asks."""

from __future__ import annotations

import re

from fund_pipeline.errors import InputError

PATTERN = re.compile(r"[a-z][a-z0-9._-]{1,63}")


def parse_user_id(text: str) -> str:
    """A user id, or InputError. The text is not repeated: it may be a secret in the wrong field."""
    if PATTERN.fullmatch(text) is None:
        raise InputError(
            "that is no user id", remedy="use 2 to 64 of a-z, 0-9, dot, dash and underscore, starting with a letter"
        )
    return text


def known_form(text: str) -> str:
    """The text if it could be a user's id, else one that no user has: what is asked for takes the same way."""
    return text if PATTERN.fullmatch(text) else "-"
