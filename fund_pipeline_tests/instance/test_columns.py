"""Dagster's storage asks for its tables' columns once."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import DagsterInstance, asset, materialize
from sqlalchemy.engine.reflection import Inspector

from fund_pipeline.defs.home import prepare_home
from fund_pipeline.instance import columns
from fund_pipeline.settings import load_settings


@asset
def figures() -> None:
    """Something that has events of its own."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables whose columns were asked for."""
    tables: list[str] = []
    really = Inspector.get_columns

    def get_columns(self: Inspector, table_name: str, schema: str | None = None, **more: object) -> object:
        tables.append(table_name)
        return really(self, table_name, schema, **more)

    monkeypatch.setattr(Inspector, "get_columns", get_columns)
    monkeypatch.setattr(columns, "_found", set())
    return tables


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_second_run_asks_for_no_column(
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
        assert bool(asked) is (number == 1), asked


def test_a_column_that_was_missing_is_asked_for_again() -> None:
    """Somebody may migrate the database meanwhile."""
    answers = iter([False, True])
    assert columns._once(("here", "has_it"), lambda: next(answers)) is False
    assert columns._once(("here", "has_it"), lambda: next(answers)) is True
    assert columns._once(("here", "has_it"), lambda: next(answers)) is True
