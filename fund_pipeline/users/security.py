"""What every check of a user is made with: the keys, and how many failures lock."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.fernet import Fernet

from fund_pipeline.keys import secrets_source
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.users import list_users
from fund_pipeline.settings import Settings
from fund_pipeline.users.lockout import Lockout
from fund_pipeline.users.secret_box import SecretBox


@dataclass(frozen=True)
class Security:
    """The box of secrets and the rule of lockout."""

    box: SecretBox
    lockout: Lockout

    @classmethod
    def of(cls, settings: Settings, ledger: Ledger) -> Security:
        """As the settings have it; a key is made in the home only while nobody's secret depends on an older one.

        ConfigurationError when the key is missing or is none.
        """
        source = secrets_source(settings)
        in_use = any(user.is_enrolled or user.recovery_codes for user in list_users(ledger))
        keys = source.read() if in_use else source.read_or_make(lambda: Fernet.generate_key().decode())
        return cls(SecretBox(keys), Lockout.of(settings))
