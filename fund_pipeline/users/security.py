"""What every check of a user is made with: the keys, and how many failures lock."""

from __future__ import annotations

from dataclasses import dataclass

from fund_pipeline.keys import secrets_keys
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.secrets import needs_secrets_key
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
        """As the settings have it; a key is made in the home only while nothing depends on an older one.

        ConfigurationError when the key is missing or is none.
        """
        return cls(SecretBox(secrets_keys(settings, needs_secrets_key(ledger))), Lockout.of(settings))
