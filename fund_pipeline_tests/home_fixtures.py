"""Homes that tests start from: an empty one, and one in which the demo has run."""

from __future__ import annotations

from pathlib import Path

import pytest

from fund_pipeline_tests.homes import Home


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """An empty home whose ledger is set up: embedded, then with ledger and Dagster instance on PostgreSQL."""
    settings = {}
    if request.param == "postgresql":
        settings = {
            "FUND_DATABASE_URL": request.getfixturevalue("postgres_url"),
            "FUND_DAGSTER_DATABASE_URL": request.getfixturevalue("second_postgres_url"),
        }
    made = Home(tmp_path / "home", settings)
    done = made.fund("ledger", "upgrade")
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """An embedded home in which `fund demo` has run once, up to what awaits approval, and what it printed."""
    made = Home(tmp_path_factory.mktemp("demo") / "home")
    done = made.process("demo", "--no-approve")
    assert done.returncode == 0, done.stderr
    return made, done.stdout
