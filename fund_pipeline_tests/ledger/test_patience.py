"""A handle of short patience waits no longer than it says, and does not ask again at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from fund_pipeline.errors import ConflictError, TemporaryError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.patience import Breaker, Patience

LONG = 30.0


@contextmanager
def _opened(url: str, patience: Patience) -> Iterator[Ledger]:
    ledger = open_ledger(url, patience=patience)
    yield ledger
    ledger.close()


@contextmanager
def _in_time() -> Iterator[None]:
    begun = time.monotonic()
    with pytest.raises(TemporaryError):
        yield
    assert time.monotonic() - begun < LONG / 3


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_while_it_is_known_to_be_away_nobody_waits_and_one_finds_out() -> None:
    clock = _Clock()
    breaker = Breaker(1.0, clock)
    with pytest.raises(TemporaryError, match="no answer"), breaker.trying():
        raise TemporaryError("no answer")
    with pytest.raises(TemporaryError, match="a moment ago"), breaker.trying():
        pytest.fail("nobody is let in")
    clock.now += 1.5
    # One finds out, and the others do not wait for it.
    with breaker.trying(), pytest.raises(TemporaryError, match="a moment ago"), breaker.trying():
        pytest.fail("only one is let in")
    with breaker.trying(), breaker.trying():
        pass


def test_what_is_no_sign_of_an_outage_keeps_nobody_out() -> None:
    breaker = Breaker(1.0, _Clock())
    with pytest.raises(ConflictError), breaker.trying():
        raise ConflictError("taken")
    with breaker.trying():
        pass


def test_a_locked_embedded_ledger_is_given_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with (
        _opened(url, Patience(LONG, 2)) as holder,
        _opened(url, Patience(0.1, 2)) as waiter,
        holder.writing(),
        _in_time(),
        waiter.writing(),
    ):
        pytest.fail("it is locked")


def test_a_slow_statement_is_given_up_by_the_server(postgres_url: str) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    with _opened(url, Patience(0.3, 2, pause_seconds=0)) as ledger:
        with _in_time(), ledger.reading() as connection:
            connection.execute(text(f"SELECT pg_sleep({LONG})"))
        with ledger.reading() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_server_that_says_nothing_is_cut_off(postgres_url: str) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    with _opened(url, Patience(0.3, 2, pause_seconds=0)) as ledger:
        with _in_time(), ledger.reading() as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text(f"SELECT pg_sleep({LONG})"))
        with ledger.reading() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_all_connections_taken_is_given_up_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with _opened(url, Patience(0.1, 1)) as ledger, ledger.reading(), _in_time(), ledger.reading():
        pytest.fail("there is only one")
