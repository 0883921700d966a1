"""The paper broker's own books: one SQLite file per account, apart from the ledger, so that it can be a stranger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from fund_pipeline.errors import ConfigurationError, TemporaryError

BUSY_SECONDS = 30.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS terms (one INTEGER PRIMARY KEY CHECK (one = 1), content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cash (currency TEXT PRIMARY KEY, amount TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT, client_order_id TEXT UNIQUE, request TEXT NOT NULL, state TEXT NOT NULL,
    quantity TEXT NOT NULL, filled TEXT NOT NULL, triggered INTEGER NOT NULL, message TEXT NOT NULL,
    oca_group TEXT, instrument_key TEXT NOT NULL, arrives_at TEXT NOT NULL, good_until TEXT);
CREATE INDEX IF NOT EXISTS orders_working ON orders (instrument_key) WHERE state IN ('WORKING', 'ON_ITS_WAY');
CREATE INDEX IF NOT EXISTS orders_group ON orders (oca_group) WHERE oca_group IS NOT NULL;
CREATE TABLE IF NOT EXISTS executions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, execution_id TEXT NOT NULL UNIQUE, client_order_id TEXT,
    instrument_key TEXT NOT NULL, side TEXT NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL,
    commission TEXT NOT NULL, commission_currency TEXT NOT NULL, multiplier TEXT NOT NULL, currency TEXT NOT NULL,
    executed_at TEXT NOT NULL, told_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS executions_at ON executions (executed_at);
CREATE TABLE IF NOT EXISTS positions (
    instrument_key TEXT PRIMARY KEY, asset_class TEXT NOT NULL, quantity TEXT NOT NULL, average_price TEXT NOT NULL,
    multiplier TEXT NOT NULL, currency TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS quotes (
    instrument_key TEXT PRIMARY KEY, bid TEXT NOT NULL, ask TEXT NOT NULL, last TEXT NOT NULL, as_of TEXT NOT NULL,
    bid_size TEXT, ask_size TEXT);
CREATE TABLE IF NOT EXISTS faults (
    number INTEGER PRIMARY KEY AUTOINCREMENT, call TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);
"""


class Store:
    """A connection to one account's file. Several processes may have one each; each change is one transaction."""

    def __init__(self, path: Path) -> None:
        """Open the file, made if it is not there. ConfigurationError when it cannot be."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(SCHEMA)
        except (OSError, sqlite3.OperationalError) as refused:
            raise ConfigurationError(
                f"the paper account {path} cannot be opened: {refused}", remedy="set FUND_HOME to a folder of yours"
            ) from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it is kept at the end, or nothing on an error. TemporaryError: it is locked, or its disk is full."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as locked:
            raise _busy(locked) from None
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as failed:
            self._roll_back()
            raise TemporaryError(f"the paper account cannot be written: {failed}", remedy="free its disk") from None
        except BaseException:
            self._roll_back()
            raise

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection; what is done on it belongs into a transaction."""
        return self._connection

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # on a full disk SQLite may have done it
            self._connection.execute("ROLLBACK")

    def has_faults(self) -> bool:
        """Whether anything is to go wrong, at whatever call. TemporaryError when the file stays locked."""
        try:
            return bool(self._connection.execute("SELECT EXISTS (SELECT 1 FROM faults)").fetchone()[0])
        except sqlite3.OperationalError as locked:
            raise _busy(locked) from None

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()


def _busy(locked: Exception) -> TemporaryError:
    return TemporaryError(f"the paper account is busy: {locked}", remedy="try again")


def to_text(moment: datetime) -> str:
    """A moment as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_moment(text: str) -> datetime:
    """The moment in such a text, UTC."""
    return datetime.fromisoformat(text)
