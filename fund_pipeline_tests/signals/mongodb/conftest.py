"""A server of each kind, and an embedded ledger: what the databases of a ledger do is tested elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fund_pipeline_tests.signals.mongodb.server import Server


@pytest.fixture
def ledger_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a ledger that is up to date and empty."""
    shutil.copy(sqlite_template, tmp_path / "ledger.sqlite")
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@pytest.fixture(params=["replica set", "standalone"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A running server; the test runs once for each kind."""
    yield from _running(Server(is_replica_set=request.param == "replica set"))


@pytest.fixture
def replica_set() -> Iterator[Server]:
    """A running server with change streams."""
    yield from _running(Server(is_replica_set=True))


def _running(server: Server) -> Iterator[Server]:
    server.start()
    yield server
    server.stop()
