"""A fresh ledger per test, once on SQLite and once on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.migrate import upgrade
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
    url: str = request.getfixturevalue("postgres_url")
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


@pytest.fixture
def ledger_url(empty_ledger_url: str) -> str:
    """URL of a ledger that is up to date and empty."""
    upgrade(empty_ledger_url)
    return empty_ledger_url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An open ledger that is up to date and empty."""
    opened = open_ledger(ledger_url)
    yield opened
    opened.close()
