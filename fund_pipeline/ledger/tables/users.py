"""Users, their recovery codes, logins that were ended, and keys for programs."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    String,
    Table,
    Text,
)

from fund_pipeline.ledger.tables.base import metadata, one_of
from fund_pipeline.ledger.types import Json, UtcDateTime
from fund_pipeline.ledger.user_model import UserRole, UserStatus

users = Table(
    "users",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("password_hash", Text),
    Column("totp_secret", Text),
    Column("totp_last_step", BigInteger),
    Column("code_failures", Json, nullable=False),
    Column("password_failures", Json, nullable=False),
    Column("locked_until", UtcDateTime()),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    one_of("role", UserRole),
    one_of("status", UserStatus),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", ForeignKey("users.user_id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("spent_at", UtcDateTime()),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", Json, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("expires_at", UtcDateTime()),
    Column("revoked_at", UtcDateTime()),
)

ended_logins = Table(
    "ended_logins",
    metadata,
    Column("token_id", String(64), primary_key=True),
    Column("expires_at", UtcDateTime(), nullable=False, index=True),
)
