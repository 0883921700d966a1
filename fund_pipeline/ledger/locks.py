"""Locks that a crash lets go of: held by a database session or an open file, never by a row."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.engine import Ledger


@contextmanager
def exclusive(ledger: Ledger, name: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock `name` among all processes on this ledger.

    Raises ConflictError at once when another holds it, unless `wait`. PostgreSQL: a session advisory lock. SQLite: a
    locked file beside the database.
    """
    with _postgres_lock(ledger, name, wait) if not ledger.is_sqlite else _file_lock(ledger, name, wait):
        yield


@contextmanager
def _postgres_lock(ledger: Ledger, name: str, wait: bool) -> Iterator[None]:
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if wait:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        elif not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one():
            raise _held(name)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


@contextmanager
def _file_lock(ledger: Ledger, name: str, wait: bool) -> Iterator[None]:
    path = Path(f"{ledger.engine.url.database}.{name}.lock")
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise _held(name) from None
        yield


def _held(name: str) -> ConflictError:
    return ConflictError(f"{name} is already running", remedy="wait for it to end, then try again")
