"""Keys of programs, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a program may do with its key."""

    STRATEGIES_READ = "strategies:read"
    STRATEGIES_WRITE = "strategies:write"
    SIGNALS_READ = "signals:read"


@dataclass(frozen=True)
class ApiKey:
    """A key as anybody may see it: nothing here helps to use it.

    Attributes
    ----------
    key_id : the part of the key that is no secret: it finds the key here, in logs and in the audit log.
    name : which program it was made for.
    created_by : who made it, as in the audit log.
    expires_at : UTC, from when it is not accepted; None for never.
    revoked_at : UTC; None for one that was not revoked.
    """

    key_id: str
    name: str
    scopes: tuple[Scope, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
