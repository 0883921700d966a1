"""Passphrases of senders: argon2id, with the parameters of RFC 9106 (section 4, second recommended option)."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from fund_pipeline.errors import InputError
from fund_pipeline.signals.envelope import LONGEST_PASSPHRASE

LEAST_CHARACTERS = 12

_HASHER = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
_AT_ONCE = BoundedSemaphore(2)
"""Each verification takes 64 MiB: after a restart all senders are verified at about the same time."""


def hash_passphrase(passphrase: str) -> str:
    """An argon2id hash. InputError for one that is too short or too long; it is not shown."""
    if not LEAST_CHARACTERS <= len(passphrase) <= LONGEST_PASSPHRASE:
        raise InputError(
            f"a passphrase has {LEAST_CHARACTERS} to {LONGEST_PASSPHRASE} characters, this one has {len(passphrase)}",
            remedy='make one with `python -c "import secrets; print(secrets.token_urlsafe(32))"`',
        )
    return _HASHER.hash(passphrase)


def is_passphrase(stored: str, passphrase: str) -> bool:
    """Whether it is the hashed one."""
    try:
        with _AT_ONCE:
            _HASHER.verify(stored, passphrase[:LONGEST_PASSPHRASE])
    except (VerificationError, InvalidHashError):
        return False
    return len(passphrase) <= LONGEST_PASSPHRASE
