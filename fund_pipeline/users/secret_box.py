"""What rests encrypted or keyed in the ledger, so that reading or writing the database is not enough to be an admin."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from functools import cached_property

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.ledger.user_model import UserRole
from fund_pipeline.users import totp


class SecretBox:
    """Encrypts secrets with the newest key and opens what any of the keys sealed (Fernet: AES-128-CBC and HMAC).

    A secret is sealed together with whose it is and in which role: copied to another row, or found in a row whose role
    was raised, it does not open.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise ConfigurationError(
                "FUND_SECRETS_KEY, or its file, holds what is no Fernet key",
                remedy="make one with `python -c "
                '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"`',
            ) from None
        self.token_keys = tuple(hmac.digest(key.encode(), b"login tokens", hashlib.sha256) for key in keys)
        self._recovery = [hmac.digest(key.encode(), b"recovery codes", hashlib.sha256) for key in keys]

    def __repr__(self) -> str:
        return f"SecretBox({len(self._recovery)} keys)"

    def seal(self, user_id: str, role: UserRole, secret: str) -> str:
        """Encrypt a user's secret under the newest key."""
        return self._fernet.encrypt(json.dumps([user_id, role.value, secret]).encode()).decode()

    def open(self, user_id: str, role: UserRole, sealed: str) -> str | None:
        """The secret; None when no key opens it, or it was sealed for another user or role."""
        try:
            owner, owned_as, secret = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            return None
        return str(secret) if (owner, owned_as) == (user_id, role.value) else None

    def recovery_hashes(self, user_id: str, code: str) -> tuple[str, ...]:
        """A recovery code's keyed hash (HMAC-SHA256) under each key, newest first.

        A code has 80 random bits: no slow hash is needed to keep it from being guessed, and the key keeps a writer of
        the database from adding one.
        """
        message = json.dumps([user_id, code]).encode()
        return tuple(hmac.digest(key, message, hashlib.sha256).hex() for key in self._recovery)

    @cached_property
    def decoy(self) -> tuple[str, UserRole, str]:
        """User id, role and sealed secret of nobody: for doing the same work where there is no secret to check."""
        nobody, role = "nobody", UserRole.CLIENT
        return nobody, role, self.seal(nobody, role, totp.new_secret())
