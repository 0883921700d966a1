"""Killed in the middle of its work, the API has neither lost nor doubled what it answered for."""

from __future__ import annotations

from pathlib import Path

import pytest

from fund_pipeline_tests.front_door.homes import front_door
from fund_pipeline_tests.front_door.kills import kill_and_prove


@pytest.mark.parametrize(("database", "kills"), [("sqlite", 3), ("postgresql", 2)])
def test_what_was_answered_200_is_in_the_ledger_exactly_once_after_kills(
    database: str, kills: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    with front_door(tmp_path / "home", url) as here:
        faults, told = kill_and_prove(here, seed=20261120, kills=kills)
    assert faults == [], told
