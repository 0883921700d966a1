"""Dagster's SQLite storage, without what it does anew for every run and question: a forked run begins in less time.

Stock Dagster makes an engine for each statement, which compiles it anew, and loads its migrations to look up the schema
of each file that it opens, twice for each run. Here an engine is kept for each file, connections are opened and closed
as before, and a file that says which schema it has is believed. The files are those that stock Dagster reads and
writes; `dagster instance migrate` migrates them.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import dagster
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from dagster._core.storage.event_log.base import EventLogStorage
    from dagster._core.storage.runs.base import RunStorage
    from dagster._core.storage.schedules.base import ScheduleStorage

_KEPT = 16
"""Engines of runs that are kept at once."""

_TEMPLATE = f".empty-{dagster.__version__}.db"
"""The file of a run before its first event. Another version makes one of its own; listings of runs pass over it."""


class SqliteStorage(DagsterStorage["DagsterInstance"]):
    """Runs, events and ticks in files under a folder, where stock Dagster has them."""

    def __init__(self, base_dir: str) -> None:
        """Open what is there, or make it as stock Dagster does."""
        super().__init__()  # type: ignore[no-untyped-call]
        history, ticks = os.path.join(base_dir, "history"), os.path.join(base_dir, "schedules")
        if not _says_its_schema(Path(history) / "runs.db"):
            SqliteRunStorage.from_local(history)
        if not _says_its_schema(Path(ticks) / "schedules.db"):
            SqliteScheduleStorage.from_local(ticks)
        self._runs = _Runs(create_db_conn_string(history, "runs"))
        self._events = _Events(os.path.join(history, "runs"))
        self._ticks = _Ticks(create_db_conn_string(ticks, "schedules"))

    @property
    def event_log_storage(self) -> EventLogStorage[DagsterInstance]:
        """Events of runs, asset materialisations and check evaluations."""
        return self._events

    @property
    def run_storage(self) -> RunStorage[DagsterInstance]:
        """Runs, their tags and the daemon's heartbeats."""
        return self._runs

    @property
    def schedule_storage(self) -> ScheduleStorage[DagsterInstance]:
        """Schedules, sensors and their ticks."""
        return self._ticks

    def register_instance(self, instance: DagsterInstance) -> None:
        """Tell each part which instance it serves."""
        super().register_instance(instance)
        for part in (self._runs, self._events, self._ticks):
            if not part.has_instance:
                part.register_instance(instance)


def _engine(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})


def _says_its_schema(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=SQLITE_BUSY_TIMEOUT_SECONDS)) as connection:
            return connection.execute("SELECT 1 FROM alembic_version").fetchone() is not None
    except sqlite3.DatabaseError:
        return False  # stock Dagster says what it is


class _Kept:
    """A storage of one file that keeps its engine."""

    _conn_string: str

    @cached_property
    def _kept(self) -> Engine:
        return _engine(self._conn_string)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._kept.connect() as connection, connection.begin():
            yield connection


class _Runs(_Kept, SqliteRunStorage):
    pass


class _Ticks(_Kept, SqliteScheduleStorage):
    pass


class _Events(SqliteEventLogStorage):
    def __init__(self, base_dir: str) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.get(shard)
            if engine is None or not os.path.exists(self.path_for_shard(shard)):  # its run may have been deleted
                engine = self._open(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _open(self, shard: str) -> Engine:
        engine, path = _engine(self.conn_string_for_shard(shard)), Path(self.path_for_shard(shard))
        if not path.exists():
            self._copy_template(path)
        if not _says_its_schema(path):
            self._initdb(engine)
        self._engines[shard] = engine
        if len(self._engines) > _KEPT:
            self._engines.popitem(last=False)
        return engine

    def _copy_template(self, path: Path) -> None:
        """Make an empty file of a run; of several processes that make one, one does, and no other finds half of it."""
        template, mine = path.with_name(_TEMPLATE), path.with_name(f".{uuid4().hex}.db")
        try:
            if not _says_its_schema(template):
                self._initdb(_engine(f"sqlite:///{mine}"))
                mine.replace(template)
            shutil.copyfile(template, mine)
            os.link(mine, path)
        except FileExistsError:
            return
        finally:
            mine.unlink(missing_ok=True)
