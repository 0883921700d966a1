"""Connections that the server has cut are found out before they are used, unless it was a moment ago."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import psycopg2
import pytest

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger import Ledger, engine, open_ledger
from fund_pipeline.ledger.halts import list_halts
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.pinging import ping_the_idle


@contextmanager
def on_postgresql(url: str, idle_seconds: float) -> Iterator[Ledger]:
    """A ledger that takes a connection for idle after so long."""
    url = url.replace("postgresql://", "postgresql+psycopg2://", 1)
    upgrade(url)
    with patch.object(engine, "ping_the_idle", partial(ping_the_idle, idle_seconds=idle_seconds)):
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


def test_one_that_lay_idle_is_replaced(postgres_url: str) -> None:
    with on_postgresql(postgres_url, 0.0) as ledger:
        assert list_halts(ledger) == ()
        cut_all(postgres_url)
        assert list_halts(ledger) == ()


def test_one_of_a_moment_ago_fails_once_as_the_database_away(postgres_url: str) -> None:
    with on_postgresql(postgres_url, 60.0) as ledger:
        assert list_halts(ledger) == ()
        cut_all(postgres_url)
        with pytest.raises(TemporaryError):
            list_halts(ledger)
        assert list_halts(ledger) == ()
