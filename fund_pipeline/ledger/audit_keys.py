"""The keys of the audit log's chain. Only who has one can make a link that verifies."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.keys import audit_source
from fund_pipeline.settings import load_settings

LEAST_CHARACTERS = 32


@dataclass(frozen=True)
class AuditKeys:
    """One key or several, newest first; new links are made with the newest, old ones verify with their own."""

    _keys: dict[str, bytes] = field(repr=False)

    @classmethod
    def of(cls, texts: Sequence[str]) -> AuditKeys:
        """Keys from their texts, newest first. ConfigurationError for one that is short enough to guess."""
        if any(len(text) < LEAST_CHARACTERS for text in texts):
            raise ConfigurationError(
                f"an audit key has fewer than {LEAST_CHARACTERS} characters",
                remedy='make one with `python -c "import secrets; print(secrets.token_urlsafe(32))"`',
            )
        return cls({_fingerprint(text.encode()): text.encode() for text in texts})

    @property
    def newest(self) -> str:
        """Id of the key that makes new links."""
        return next(iter(self._keys))

    def rank(self, key_id: str) -> int | None:
        """0 for the newest key, 1 for the one before it ...; None for a key that is not here."""
        return list(self._keys).index(key_id) if key_id in self._keys else None

    def mac(self, key_id: str, message: str) -> str:
        """HMAC-SHA256 (RFC 2104) of a message, in hexadecimal. KeyError for a key that is not here."""
        return hmac.digest(self._keys[key_id], message.encode(), hashlib.sha256).hex()


def environment_keys() -> AuditKeys:
    """The keys that FUND_AUDIT_KEY, its file or the home holds."""
    return AuditKeys.of(audit_source(load_settings()).read())


def new_environment_keys() -> AuditKeys:
    """The same, and a new key in the home where there is none: for the moment a chain begins."""
    return AuditKeys.of(audit_source(load_settings()).read_or_make())


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"fund pipeline audit key\0" + key).hexdigest()[:16]
