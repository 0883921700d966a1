"""Keys of programs in the ledger. No key is here, only what a key is compared with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.key_model import ApiKey, Scope


def list_keys(ledger: Ledger) -> tuple[ApiKey, ...]:
    """All keys, oldest first."""
    query = select(tables.api_keys).order_by(tables.api_keys.c.created_at, tables.api_keys.c.key_id)
    with ledger.reading() as connection:
        return tuple(_key(row) for row in connection.execute(query).mappings())


def find_key(ledger: Ledger, key_id: str) -> tuple[ApiKey, str] | None:
    """A key and the SHA-256 digest (hexadecimal) of its text, by its id; None where there is none."""
    query = select(tables.api_keys).where(tables.api_keys.c.key_id == key_id)
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else (_key(row), str(row["digest"]))


def insert_key(ledger: Ledger, key: ApiKey, digest: str, act: Act) -> None:
    """Add a key, audited. ConflictError when its id is taken."""
    row = key.__dict__ | {"scopes": [scope.value for scope in key.scopes], "digest": digest}
    with ledger.writing() as connection:
        try:
            connection.execute(insert(tables.api_keys).values(row))
        except IntegrityError:
            raise ConflictError(f"there is a key {key.key_id} already", remedy="make the key again") from None
        detail: dict[str, Any] = {"name": key.name, "scopes": row["scopes"], "expires_at": _text(key.expires_at)}
        audit.record(connection, act, "api_key_added", "api_key", key.key_id, detail)


def revoke_key(ledger: Ledger, key_id: str, act: Act) -> None:
    """Accept a key no more, audited. NotFoundError; ConflictError when it was revoked before."""
    keys = tables.api_keys
    query = select(keys).where(keys.c.key_id == key_id).with_for_update()
    with ledger.writing() as connection:
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"there is no key {key_id!r}", remedy="run `fund keys list`")
        if row["revoked_at"] is not None:
            raise ConflictError(f"key {key_id} was revoked at {_text(row['revoked_at'])}")
        connection.execute(update(keys).where(keys.c.key_id == key_id).values(revoked_at=act.at))
        audit.record(connection, act, "api_key_revoked", "api_key", key_id, {"name": row["name"]})


def note_refused_key(ledger: Ledger, key_id: str, detail: dict[str, Any], act: Act) -> None:
    """Audit that a key was not accepted; `key_id` is a stand-in where no such key is known."""
    with ledger_away(), ledger.writing() as connection:
        audit.record(connection, act, "api_key_refused", "api_key", key_id, detail)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _key(row: RowMapping) -> ApiKey:
    values = {name: row[name] for name in ApiKey.__dataclass_fields__}
    return ApiKey(**values | {"scopes": tuple(Scope(scope) for scope in row["scopes"])})
