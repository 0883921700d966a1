"""Connections that the server has cut are found out before they are used, unless it was a moment ago."""

from collections.abc import Iterator

import psycopg2
import pytest

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger import Ledger, open_ledger, pinging
from fund_pipeline.ledger.halts import list_halts
from fund_pipeline.ledger.migrate import upgrade


@pytest.fixture
def on_postgresql(postgres_url: str) -> Iterator[Ledger]:
    url = postgres_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    upgrade(url)
    ledger = open_ledger(url)
    yield ledger
    ledger.close()


def cut_all(postgres_url: str) -> None:
    connection = psycopg2.connect(postgres_url)
    try:
        with connection.cursor() as cursor:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            cursor.execute(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}")
            assert cursor.fetchall() != [(0,)]
    finally:
        connection.close()


def test_one_that_lay_idle_is_replaced(
    on_postgresql: Ledger, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list_halts(on_postgresql) == ()
    monkeypatch.setattr(pinging, "IDLE_SECONDS", 0.0)
    cut_all(postgres_url)
    assert list_halts(on_postgresql) == ()


def test_one_of_a_moment_ago_fails_once_as_the_database_away(
    on_postgresql: Ledger, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinging, "IDLE_SECONDS", 60.0)
    assert list_halts(on_postgresql) == ()
    cut_all(postgres_url)
    with pytest.raises(TemporaryError):
        list_halts(on_postgresql)
    assert list_halts(on_postgresql) == ()
