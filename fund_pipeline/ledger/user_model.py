"""The people who may act, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class UserRole(StrEnum):
    """What a user may do. Only an ADMIN approves."""

    ADMIN = "ADMIN"
    SENDER = "SENDER"
    CLIENT = "CLIENT"
    QUANT = "QUANT"


class UserStatus(StrEnum):
    """Whether a user may act at all."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


@dataclass(frozen=True)
class User:
    """A user as anybody may see it: nothing here helps to become that user.

    Attributes
    ----------
    has_password, is_enrolled : whether a password is set, and a secret for one-time codes.
    recovery_codes : how many are unused.
    locked_until : UTC; None when there was no lock since the last accepted code.
    """

    user_id: str
    name: str
    role: UserRole
    status: UserStatus
    is_demo: bool
    has_password: bool
    is_enrolled: bool
    recovery_codes: int
    locked_until: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Credentials:
    """What a user proves themselves with, and how that went lately.

    Attributes
    ----------
    password_hash : argon2id, in its own notation.
    totp_secret : encrypted.
    totp_last_step : the newest time step a code was accepted for: that one and all before it are used up.
    code_failures, password_failures : times (UTC, ISO 8601) of failures that may still count.
    recovery_hashes : keyed hashes of the unused recovery codes.
    """

    user_id: str
    role: UserRole
    status: UserStatus
    password_hash: str | None = field(default=None, repr=False)
    totp_secret: str | None = field(default=None, repr=False)
    totp_last_step: int | None = None
    code_failures: tuple[str, ...] = ()
    password_failures: tuple[str, ...] = ()
    locked_until: datetime | None = None
    recovery_hashes: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class UserChange:
    """What a decision about one user comes to.

    Attributes
    ----------
    after : the credentials as they shall be; None leaves them. A recovery hash that is no longer there was spent.
    events : (action, detail) of each entry for the audit log. No secret may be in them.
    """

    after: Credentials | None
    events: tuple[tuple[str, Mapping[str, Any]], ...]
