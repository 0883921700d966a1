"""Where Dagster keeps runs, events and ticks: the only switch between SQLite and PostgreSQL.

`dagster.yaml` has no such switch of its own, so it names this class, which looks at the environment. Every process
that opens the instance must therefore see the same `FUND_DAGSTER_DATABASE_URL`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from dagster import StringSource
from dagster._core.storage.base_storage import DagsterStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.exc import OperationalError

from fund_pipeline.errors import TemporaryError
from fund_pipeline.instance.schema import once, remember_schema
from fund_pipeline.instance.sqlite_storage import SqliteStorage
from fund_pipeline.ledger.pinging import ping_the_idle
from fund_pipeline.settings import Settings, load_settings

_RECYCLE_SECONDS = 3600
_KEPT, _MORE = 4, 16
"""Connections of a process that stay open, as many as ticks that are worked at once, and how many there may be more."""

_lock = Lock()
_engines: dict[tuple[int, str], Engine] = {}

_TABLES = frozenset({"runs", "instance_info", "event_logs", "jobs"})
"""Of each part of the storage those by which it knows that it is set up."""

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from dagster._config.config_schema import UserConfigSchema
    from dagster._core.storage.event_log.base import EventLogStorage
    from dagster._core.storage.runs.base import RunStorage
    from dagster._core.storage.schedules.base import ScheduleStorage


class EnvironmentStorage(DagsterStorage["DagsterInstance"], ConfigurableClass):
    """PostgreSQL where `FUND_DAGSTER_DATABASE_URL` is set, else SQLite under `base_dir`.

    The URL is read from the settings by each process and is in no configuration, so that it is never written into a
    serialised instance, a log or a page.

    Parameters
    ----------
    base_dir : folder of the SQLite files, absolute; unused with PostgreSQL.
    settings : as `load_settings` gives them.
    inst_data : what Dagster needs to make this object again in another process.

    Raises
    ------
    ConfigurationError : a setting is wrong.
    TemporaryError : PostgreSQL does not answer.
    """

    def __init__(self, base_dir: str, settings: Settings, inst_data: ConfigurableClassData | None = None) -> None:
        untyped_base: Callable[[], None] = super().__init__
        untyped_base()
        self._inst_data = inst_data
        self._chosen = _open(base_dir, settings.dagster_storage_url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self._chosen).__name__})"

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """The module, class and configuration this was made from."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """The schema of `storage: custom: config:` in `dagster.yaml`."""
        return {"base_dir": StringSource}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> EnvironmentStorage:
        """Make the storage from its configuration and this process's environment."""
        return cls(config_value["base_dir"], load_settings(), inst_data)

    @property
    def event_log_storage(self) -> EventLogStorage[DagsterInstance]:
        """Events of runs, asset materialisations and check evaluations."""
        return self._chosen.event_log_storage

    @property
    def run_storage(self) -> RunStorage[DagsterInstance]:
        """Runs, their tags and the daemon's heartbeats."""
        return self._chosen.run_storage

    @property
    def schedule_storage(self) -> ScheduleStorage[DagsterInstance]:
        """Schedules, sensors and their ticks."""
        return self._chosen.schedule_storage

    def register_instance(self, instance: DagsterInstance) -> None:
        """Tell the chosen storage which instance it serves."""
        super().register_instance(instance)
        self._chosen.register_instance(instance)

    def dispose(self) -> None:
        """Stop watching. The connections are the process's, and stay open for whoever asks next."""
        for part in (self.event_log_storage, self.run_storage, self.schedule_storage):
            part.dispose()


def _open(base_dir: str, url: str | None) -> DagsterStorage[DagsterInstance]:
    chosen = SqliteStorage(base_dir) if url is None else _on_postgres(url)
    remember_schema(chosen, url or base_dir)
    return chosen


def _on_postgres(url: str) -> DagsterStorage[DagsterInstance]:
    """Stock storage on the process's own pool of connections: by itself, each of its parts opens one for every
    statement, and looks for its tables at every start."""
    from dagster_postgres import DagsterPostgresStorage  # here, because it costs every other start over a second
    from dagster_postgres.utils import DagsterPostgresException

    kept = _engine_of(url)
    has_tables = once(url, "all", "tables", ask=partial(_has_tables, kept))
    try:
        chosen = DagsterPostgresStorage(postgres_url=url, should_autocreate_tables=not has_tables)
    except DagsterPostgresException as failed:
        raise TemporaryError(
            f"the Dagster database did not answer: {_reason(failed)}",
            remedy="check FUND_DAGSTER_DATABASE_URL and that the server is up",
        ) from None
    parts: tuple[Any, ...] = (chosen.event_log_storage, chosen.run_storage, chosen.schedule_storage)
    for part in parts:
        part._engine = kept
    return chosen


def _engine_of(url: str) -> Engine:
    """This process's engine, by its id: what a fork inherits it must not use.

    One for all its instances: a code server opens an instance for each tick, and Dagster closes nothing of it.
    """
    with _lock:
        key = (os.getpid(), url)
        if key not in _engines:
            for (pid, _), old in _engines.items():
                if pid == os.getpid():
                    old.dispose()
            _engines.clear()
            _engines[key] = create_engine(
                url,
                isolation_level="AUTOCOMMIT",
                pool_size=_KEPT,
                max_overflow=_MORE,
                pool_recycle=_RECYCLE_SECONDS,
            )
            ping_the_idle(_engines[key])
        return _engines[key]


def _has_tables(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            return set(inspect(connection).get_table_names()) >= _TABLES
    except OperationalError:
        return False  # stock Dagster tries again, and says what is wrong


def _reason(failed: BaseException) -> str:
    """The driver's own first line, which names host and user but never the password."""
    cause = failed.__cause__ or failed
    return str(getattr(cause, "orig", cause)).strip().partition("\n")[0]
