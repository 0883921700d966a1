"""Passwords: argon2id, with the parameters of RFC 9106 (section 4, second recommended option)."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from fund_pipeline.errors import InputError

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 1024
"""More is not a password but a way to keep the processor busy."""

_HASHER = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


def hash_password(password: str) -> str:
    """An argon2id hash with its salt and parameters. InputError for a password that is too short or too long."""
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise InputError(
            f"a password has {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters, this one has {len(password)}",
            remedy="choose some words that nobody would put together",
        )
    return _HASHER.hash(_same_form(password))


def is_password(stored: str | None, password: str) -> bool:
    """Whether a password is the hashed one. Without a hash the same work is done, and the answer is no."""
    try:
        _HASHER.verify(stored if stored is not None else _nobodys_hash(), _same_form(password[:MOST_CHARACTERS]))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None and len(password) <= MOST_CHARACTERS


def needs_new_hash(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody's password, which nobody can have")


def _same_form(password: str) -> str:
    """One form for what looks the same on different keyboards (NFKC)."""
    return unicodedata.normalize("NFKC", password)
