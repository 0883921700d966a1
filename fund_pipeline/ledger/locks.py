"""Locks that a crash lets go of: held by a database session or an open file, never by a row."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fund_pipeline.errors import ConflictError, InvariantError, TemporaryError
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.logs import get_logger

RESEARCH = "research"
"""Held by whoever changes backtests or recommendations, from first to last, so that no two ever overlap."""

MARTS = "marts"
"""Held by whoever builds and publishes the marts, from the export to the publication."""

MIGRATION = "migration"
WAIT_SECONDS = 2 * 3600.0
"""Longest wait for another holder: a hung one must not stop the fund without a word."""

_PAUSE_SECONDS = 0.25
_NOTICE_SECONDS = 1.0
"""Taking turns for less than this is not worth a word."""

log = get_logger(__name__)


@contextmanager
def exclusive(ledger: Ledger, name: str, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock `name` among all processes on this ledger.

    When another holds it, wait, saying so in the log if it takes long; ConflictError at once if `wait_seconds` is 0,
    TemporaryError after so many. PostgreSQL: a session advisory lock; InvariantError if the session was lost meanwhile,
    for then another may have begun. SQLite: a locked file beside the database.
    """
    with _file_lock(ledger, name, wait_seconds) if ledger.is_sqlite else _session_lock(ledger, name, wait_seconds):
        yield


@contextmanager
def _session_lock(ledger: Ledger, name: str, wait_seconds: float) -> Iterator[None]:
    key = {"key": int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)}
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        take = text("SELECT pg_try_advisory_lock(:key)")
        _take(lambda: bool(connection.execute(take, key).scalar_one()), name, wait_seconds)
        try:
            yield
        finally:
            try:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
            except DBAPIError:
                connection.invalidate()
                raise InvariantError(
                    f"the session that held the lock {name} was lost, and another may have worked beside this one",
                    remedy="run it again; what is right stays as it is",
                ) from None


@contextmanager
def _file_lock(ledger: Ledger, name: str, wait_seconds: float) -> Iterator[None]:
    path = Path(f"{ledger.engine.url.database}.{name}.lock")
    with path.open("a") as handle:

        def take() -> bool:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        _take(take, name, wait_seconds)
        yield


def _take(attempt: Callable[[], bool], name: str, wait_seconds: float) -> None:
    if attempt():
        return
    if wait_seconds <= 0:
        raise ConflictError(f"{name} is already running", remedy="wait for it to end, then try again")
    began, told = time.monotonic(), False
    while (waited := time.monotonic() - began) < wait_seconds:
        if waited > _NOTICE_SECONDS and not told:
            log.warning("waiting for another process to end", lock=name)
            told = True
        time.sleep(_PAUSE_SECONDS)
        if attempt():
            return
    raise TemporaryError(
        f"another process has held the lock {name} for {wait_seconds:.0f} s",
        remedy="look for a run that hangs (`fund up`, Runs) and end it",
    )
