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
from fund_pipeline.logs import get_logger

log = get_logger(__name__)


@contextmanager
def exclusive(ledger: Ledger, name: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock `name` among all processes on this ledger.

    When another holds it: wait for it, saying so in the log, if `wait`; else raise ConflictError at once. PostgreSQL:
    a session advisory lock. SQLite: a locked file beside the database.
    """
    with _file_lock(ledger, name, wait) if ledger.is_sqlite else _postgres_lock(ledger, name, wait):
        yield


@contextmanager
def _postgres_lock(ledger: Ledger, name: str, wait: bool) -> Iterator[None]:
    key = {"key": int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)}
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one():
            _wait_or_refuse(name, wait)
            connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


@contextmanager
def _file_lock(ledger: Ledger, name: str, wait: bool) -> Iterator[None]:
    path = Path(f"{ledger.engine.url.database}.{name}.lock")
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _wait_or_refuse(name, wait)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _wait_or_refuse(name: str, wait: bool) -> None:
    if not wait:
        raise ConflictError(f"{name} is already running", remedy="wait for it to end, then try again")
    log.warning("waiting for another process to end", lock=name)
