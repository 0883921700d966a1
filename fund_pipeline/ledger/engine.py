"""Opening the ledger: one engine per process, the same transactions on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from fund_pipeline.errors import ConfigurationError, InvariantError, TemporaryError
from fund_pipeline.ledger import chain
from fund_pipeline.ledger.audit_keys import AuditKeys, environment_keys
from fund_pipeline.ledger.patience import Breaker, Cutter, Patience, connections_of
from fund_pipeline.ledger.pinging import ping_the_idle

SQLITE_BUSY_SECONDS = 30
LEAST_CONNECT_SECONDS = 2  # libpq's own
POSTGRES_UNDEFINED_TABLE = "42P01"
MANY = "values_plus_batch"
"""Changes of many rows go to PostgreSQL a hundred at a time; nobody asks how many rows they met."""
KEEPALIVES = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A silent firewall must not cut the session that holds a lock, and a dead server must be noticed."""


class Ledger:
    """A handle on the ledger. Rooms take one of these; they never see a URL.

    It carries where the audit key is found; the key is read when the first audited change needs it.
    """

    def __init__(
        self,
        engine: Engine,
        audit_keys: Callable[[], AuditKeys] = environment_keys,
        breaker: Breaker | None = None,
        cutter: Cutter | None = None,
    ) -> None:
        self.engine = engine
        self._find_audit_keys = audit_keys
        self._breaker = breaker
        self._cutter = cutter
        event.listen(engine, "savepoint", chain.mark_savepoint)
        event.listen(engine, "rollback_savepoint", chain.forget_savepoint)

    @cached_property
    def audit_keys(self) -> AuditKeys:
        """The keys of the audit log, or ConfigurationError when there are none."""
        return self._find_audit_keys()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction: one consistent view, nothing is written."""
        with self._trying(), _clear_errors(), self.engine.connect() as connection:
            if not self.is_sqlite:  # SQLite reads one snapshot anyway
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def at_one_moment(self) -> Iterator[Ledger]:
        """A ledger that can only be read, and all of whose reads are one consistent view."""
        with self.reading() as connection:
            yield _Moment(self.engine, connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction: all of it, and its audit entries, is committed at the end, or nothing on an error."""
        with self._trying(), _clear_errors(), self.engine.connect() as connection:
            connection = connection.execution_options(ledger_writes=True, **{chain.PENDING: chain.PendingEntries()})
            with connection.begin():
                yield connection
                chain.append(connection, lambda: self.audit_keys)

    def close(self) -> None:
        """Give every connection back to the database."""
        self.engine.dispose()
        if self._cutter is not None:
            self._cutter.close()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    def _trying(self) -> AbstractContextManager[None]:
        return nullcontext() if self._breaker is None else self._breaker.trying()


class _Moment(Ledger):
    def __init__(self, engine: Engine, connection: Connection) -> None:
        super().__init__(engine)
        self._connection = connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The one transaction."""
        yield self._connection

    def writing(self) -> NoReturn:
        """InvariantError."""
        raise InvariantError("what is only looked at cannot be changed")


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, ProgrammingError) as failed:
        reason = str(failed.orig).strip().splitlines()[0]
        if "no such table" in reason or getattr(failed.orig, "pgcode", None) == POSTGRES_UNDEFINED_TABLE:
            raise ConfigurationError(
                f"the ledger is not set up: {reason}", remedy="run `fund ledger upgrade`"
            ) from failed
        if isinstance(failed, ProgrammingError):
            raise
        raise TemporaryError(f"the ledger did not answer: {reason}", remedy="check that the database is up") from None


def open_ledger(
    url: str, audit_keys: Callable[[], AuditKeys] = environment_keys, patience: Patience | None = None
) -> Ledger:
    """Open the ledger at a SQLAlchemy URL; an embedded one is an empty file at first. Nothing is migrated here.

    `audit_keys` says where the key of the audit log is; by default, where the settings do. With `patience` each call
    ends in a TemporaryError in about that time when the database is away, hangs, or is locked.
    ConfigurationError when the URL is none, or the embedded one's folder cannot be written. It never names the URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "FUND_DATABASE_URL is not a database URL", remedy="write postgresql://user:password@host:5432/name"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, audit_keys, patience)
    if patience is None:
        engine = create_engine(parsed, connect_args=KEEPALIVES, executemany_mode=MANY)
        ping_the_idle(engine)
        event.listen(engine, "connect", _tell_utc)
        return Ledger(engine, audit_keys)
    cutter, milliseconds = Cutter(patience.seconds), round(patience.seconds * 1000)
    limits = {"connect_timeout": max(LEAST_CONNECT_SECONDS, round(patience.seconds)), "tcp_user_timeout": milliseconds}
    arguments = KEEPALIVES | limits | connections_of(cutter)
    engine = create_engine(parsed, pool_pre_ping=True, connect_args=arguments, executemany_mode=MANY, **_pool(patience))
    event.listen(engine, "connect", _tell_utc)
    event.listen(engine, "connect", partial(_limit_statements, milliseconds))
    return Ledger(engine, audit_keys, Breaker(patience.pause_seconds), cutter)


def file_of(url: str) -> tuple[int, int] | None:
    """Device and number of an embedded ledger's file: another one if it was replaced. None where there is none."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    try:
        found = Path(parsed.database or ".").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _open_sqlite(parsed: URL, audit_keys: Callable[[], AuditKeys], patience: Patience | None) -> Ledger:
    folder = Path(parsed.database or ".").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise ConfigurationError(
            f"{folder} cannot be made: {refused.strerror}", remedy="set FUND_HOME to a folder of yours"
        ) from None
    seconds = SQLITE_BUSY_SECONDS if patience is None else patience.seconds
    arguments = {"timeout": seconds, "check_same_thread": False}
    engine = create_engine(parsed, connect_args=arguments, **({} if patience is None else _pool(patience)))
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Ledger(engine, audit_keys, None if patience is None else Breaker(patience.pause_seconds))


def _pool(patience: Patience) -> dict[str, Any]:
    """As many connections as there may be, kept open: none of a burst pays for opening one but the first."""
    return {"pool_size": patience.connections, "max_overflow": 0, "pool_timeout": patience.seconds}


def _tell_utc(connection: Any, _record: Any) -> None:
    # In the database's own time zone a moment may fall into a year that the driver cannot read: -1, or 10000. Not by
    # libpq's `options`: the URL may have some of its own, and some poolers refuse them.
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _limit_statements(milliseconds: int, connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = %s", (milliseconds,))
    connection.commit()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where the driver guesses
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A write transaction takes its lock at once: upgrading a read lock later can fail with no way to wait.
    writes = connection.get_execution_options().get("ledger_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
