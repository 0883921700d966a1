"""Dagster's storage asks for its tables, columns and indexes once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import DagsterInstance, asset, materialize
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus
from sqlalchemy.engine.reflection import Inspector

from fund_pipeline.defs.home import prepare_home
from fund_pipeline.instance import schema
from fund_pipeline.settings import load_settings

STARTED, SKIPPED = TickStatus.STARTED, TickStatus.SKIPPED


@asset
def figures() -> None:
    """Something that has events of its own."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked about the schema."""
    questions: list[str] = []

    def noting(name: str) -> Callable[..., object]:
        really = getattr(Inspector, name)

        def ask(self: Inspector, *about: object, **more: object) -> object:
            questions.append(f"{name} {about}")
            return really(self, *about, **more)

        return ask

    for name in ("get_columns", "get_table_names"):
        monkeypatch.setattr(Inspector, name, noting(name))
    monkeypatch.setattr(schema, "_found", set())
    return questions


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_second_run_and_tick_ask_nothing_about_the_schema(
    database: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    monkeypatch.setenv("FUND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", "")
    if database == "postgresql":
        monkeypatch.setenv("FUND_DAGSTER_DATABASE_URL", request.getfixturevalue("postgres_url"))
    prepare_home(load_settings())
    for number in (1, 2):
        asked.clear()
        with DagsterInstance.get() as instance:
            assert materialize([figures], instance=instance).success
            assert instance.get_latest_materialization_event(figures.key) is not None
            assert instance.get_run_records(limit=1)[0].end_time is not None
            begun = TickData("origin", "sensor", InstigatorType.SENSOR, STARTED, 0.0, selector_id="selector")
            tick = instance.create_tick(begun)
            instance.update_tick(tick.with_status(SKIPPED))
            assert instance.all_instigator_state() == []
            instance.purge_ticks("origin", "selector", 1.0, [SKIPPED])
        assert bool(asked) is (number == 1), asked


def test_what_was_missing_is_asked_for_again() -> None:
    """Somebody may migrate the database meanwhile."""
    answers = iter([False, True])

    def ask() -> bool:
        return next(answers)

    assert schema.once("here", "part", "has_it", ask=ask) is False
    assert schema.once("here", "part", "has_it", ask=ask) is True
    assert schema.once("here", "part", "has_it", ask=ask) is True
