"""The Dagster instance keeps its runs in the database that the environment names."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import psycopg2
import pytest
from dagster import DagsterInstance, job, op
from dagster._serdes import serialize_value

from fund_pipeline.defs.home import prepare_home
from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger.pinging import IDLE_SECONDS
from fund_pipeline.settings import load_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FUND_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FUND_DAGSTER_DATABASE_URL", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", "")  # prepare_home sets it; this restores it after the test
    return tmp_path / "home"


@op
def say_hello() -> str:
    return "hello"


@job
def greeting() -> None:
    say_hello()


def run_and_read_back() -> list[str]:
    with DagsterInstance.get() as writer:
        run_id = greeting.execute_in_process(instance=writer).run_id
    with DagsterInstance.get() as reader:
        run = reader.get_run_by_id(run_id)
        assert run is not None
        assert run.is_success
        return [event.dagster_event.event_type_value for event in reader.all_logs(run_id) if event.dagster_event]


def test_a_run_comes_back_from_sqlite_under_the_home(home: Path) -> None:
    prepared = prepare_home(load_settings())
    assert prepared == home / "dagster"
    assert "PIPELINE_SUCCESS" in run_and_read_back()
    with sqlite3.connect(prepared / "history" / "runs.db") as runs:
        assert runs.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_a_run_comes_back_from_postgresql(home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUND_DAGSTER_DATABASE_URL", postgres_url)
    prepared = prepare_home(load_settings())
    assert "PIPELINE_SUCCESS" in run_and_read_back()
    connection = psycopg2.connect(postgres_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM runs")
            assert cursor.fetchone() == (1,)
    finally:
        connection.close()
    assert not (prepared / "history").exists()


def test_the_database_password_is_in_neither_the_reference_nor_the_representation(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "correct-horse"
    monkeypatch.setenv("FUND_DAGSTER_DATABASE_URL", postgres_url.replace("postgres:@", f"postgres:{secret}@"))
    prepared = prepare_home(load_settings())
    with DagsterInstance.get() as instance:
        reference = instance.get_ref()
        shown = [serialize_value(reference), repr(reference), repr(reference.storage), instance.info_str()]
    assert [text for text in shown if secret in text] == []
    assert not [path for path in prepared.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_a_database_that_does_not_answer_is_named_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUND_DAGSTER_DATABASE_URL", f"postgresql://fund:correct-horse@/none?host={home}")
    monkeypatch.setattr(
        "dagster_postgres.utils.calculate_delay", lambda *_args, **_kwargs: 0
    )  # its pauses, not its tries
    with pytest.raises(TemporaryError) as refused:
        prepare_home(load_settings())
    assert "FUND_DAGSTER_DATABASE_URL" in str(refused.value)
    assert "correct-horse" not in str(refused.value)


def test_on_postgresql_a_run_needs_few_connections_and_survives_the_loss_of_all(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUND_DAGSTER_DATABASE_URL", postgres_url)
    prepare_home(load_settings())
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    watcher = psycopg2.connect(postgres_url)
    watcher.autocommit = True
    try:
        with watcher.cursor() as cursor, DagsterInstance.get() as instance:
            assert greeting.execute_in_process(instance=instance).success
            cursor.execute(f"SELECT count(*), min(backend_start) {others}")
            [(number, first)] = cursor.fetchall()
            assert number <= 2, f"{number} connections"
            assert greeting.execute_in_process(instance=instance).success
            cursor.execute(f"SELECT min(backend_start) {others}")
            assert cursor.fetchall() == [(first,)], "the second run opened connections of its own"
            cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")
            time.sleep(IDLE_SECONDS)  # a connection of a moment ago is taken to stand
            assert greeting.execute_in_process(instance=instance).success
    finally:
        watcher.close()


def test_on_postgresql_instances_that_come_and_go_share_their_connections(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code server opens an instance for each tick."""
    monkeypatch.setenv("FUND_DAGSTER_DATABASE_URL", postgres_url)
    prepare_home(load_settings())
    with DagsterInstance.get() as first:
        reference = first.get_ref()
    kept = []
    for _ in range(40):
        with DagsterInstance.from_ref(reference) as instance:
            instance.get_runs(limit=1)
            kept.append(instance)  # as a heap does that is not collected
    watcher = psycopg2.connect(postgres_url)
    try:
        with watcher.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            [(number,)] = cursor.fetchall()
    finally:
        watcher.close()
    assert number <= 3, f"{len(kept)} instances left {number} connections"
