"""What of a sender's secrets rests in the ledger: keyed digests, and sealed secrets of signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.keys import secrets_keys
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.secrets import needs_secrets_key
from fund_pipeline.settings import Settings


class Vault:
    """Keyed digests of passphrases, and sealed secrets of signatures, under keys of their own derived from the keys.

    Without a key nobody can tell from the ledger whether a guessed passphrase is one, nor add one of their own.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise ConfigurationError(
                "FUND_SECRETS_KEY, or its file, holds what is no Fernet key", remedy="see Keys in docs/operations.md"
            ) from None
        self._lookup = [hmac.digest(key.encode(), b"sender passphrases", hashlib.sha256) for key in keys]

    def __repr__(self) -> str:
        return f"Vault({len(self._lookup)} keys)"

    @classmethod
    def of(cls, settings: Settings, ledger: Ledger) -> Vault:
        """With the keys of the settings; one is made in the home only while nothing depends on an older one.

        ConfigurationError when the key is missing or is none.
        """
        return cls(secrets_keys(settings, needs_secrets_key(ledger)))

    def digests(self, passphrase: str) -> tuple[str, ...]:
        """The keyed digest (HMAC-SHA256, hexadecimal) of a passphrase under each key, newest first."""
        return tuple(hmac.digest(key, passphrase.encode(), hashlib.sha256).hex() for key in self._lookup)

    def seal(self, sender_id: str, secret: str) -> str:
        """Encrypt a sender's secret under the newest key, together with whose it is."""
        return self._fernet.encrypt(json.dumps([sender_id, secret]).encode()).decode()

    def open(self, sender_id: str, sealed: str) -> str | None:
        """The secret; None when no key opens it, or it was sealed for another sender."""
        try:
            owner, secret = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            return None
        return str(secret) if owner == sender_id else None
