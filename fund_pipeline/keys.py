"""Where keys come from: the environment, a file it names, or a file of the home that only its owner may read."""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.settings import Settings

FOLDER = "keys"
OTHERS = stat.S_IRWXG | stat.S_IRWXO
KEY_BYTES = 32


@dataclass(frozen=True)
class KeySource:
    """Where the keys of one purpose are looked for.

    Attributes
    ----------
    variable : name of the setting, for messages.
    given : the keys themselves, newest first, separated by commas or line ends.
    named_file : a file of the operator's that holds them in the same way.
    home_file : the embedded default, used when neither is set.
    """

    variable: str
    given: SecretStr | None = field(repr=False)
    named_file: Path | None
    home_file: Path

    def read(self) -> tuple[str, ...]:
        """The keys, newest first. ConfigurationError when there are none, naming where they were looked for."""
        if self.given is not None and self.named_file is not None:
            raise ConfigurationError(
                f"{self.variable} and {self.variable}_FILE are both set", remedy="keep one of them, so that none hides"
            )
        if self.given is not None:
            return self._split(self.given.get_secret_value(), self.variable)
        path = self.named_file or self.home_file
        try:
            if self.named_file is None and stat.S_IMODE(path.stat().st_mode) & OTHERS:
                raise ConfigurationError(f"{path} can be read by others", remedy=f"chmod 600 {path}")
            return self._split(path.read_text(), str(path))
        except FileNotFoundError:
            raise ConfigurationError(
                f"the key file {path} does not exist",
                remedy=f"restore it from its backup, or set {self.variable}: what was made with a key needs that key",
            ) from None
        except OSError as refused:
            raise ConfigurationError(
                f"the key file {path} cannot be read: {refused.strerror}", remedy=f"let this user read {path}"
            ) from None

    def read_or_make(self, make: Callable[[], str] = lambda: secrets.token_urlsafe(KEY_BYTES)) -> tuple[str, ...]:
        """The keys; where nothing is set, a new one is put into the home, mode 0600. Two at once agree on one."""
        if self.given is None and self.named_file is None and not self.home_file.exists():
            _write_once(self.home_file, make())
        return self.read()

    def _split(self, text: str, place: str) -> tuple[str, ...]:
        keys = tuple(key for key in re.split(r"[,\s]+", text) if key)
        if not keys:
            raise ConfigurationError(f"{place} holds no key", remedy=f"put a key there, or unset {self.variable}")
        return keys


def audit_source(settings: Settings) -> KeySource:
    """Where the key of the audit log is."""
    home_file = settings.root / FOLDER / "audit.key"
    return KeySource("FUND_AUDIT_KEY", settings.audit_key, settings.audit_key_file, home_file)


def secrets_source(settings: Settings) -> KeySource:
    """Where the key of the users' secrets is."""
    home_file = settings.root / FOLDER / "secrets.key"
    return KeySource("FUND_SECRETS_KEY", settings.secrets_key, settings.secrets_key_file, home_file)


def secrets_keys(settings: Settings, in_use: bool) -> tuple[str, ...]:
    """The keys of users' and senders' secrets, newest first; one is made in the home unless one is `in_use` already."""
    source = secrets_source(settings)
    return source.read() if in_use else source.read_or_make(lambda: Fernet.generate_key().decode())


def _write_once(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, staged = tempfile.mkstemp(dir=path.parent)  # mode 0600 from the first moment
        try:
            with os.fdopen(descriptor, "w") as handle:
                handle.write(text + "\n")
                handle.flush()
                os.fsync(handle.fileno())
            os.link(staged, path)
        except FileExistsError:
            pass  # another process was first, and its key is the one
        finally:
            os.unlink(staged)
        _sync_folder(path.parent)
    except OSError as refused:
        raise ConfigurationError(
            f"the key file {path} cannot be written: {refused.strerror}", remedy="set FUND_HOME to a folder of yours"
        ) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
