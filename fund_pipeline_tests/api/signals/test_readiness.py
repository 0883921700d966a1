"""Ready means that a signal can be taken in and read; whichever part is not is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from fund_pipeline.api import create_app
from fund_pipeline.ledger.migrate import downgrade, upgrade
from fund_pipeline.settings import Settings
from fund_pipeline_tests.api.people import asked
from fund_pipeline_tests.api.signals.frontage import Frontage

READY = {"ledger": True, "revision": True, "instruments": True, "spool": True, "worker": True}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An embedded home whose ledger is up to date."""
    made = Settings(home=tmp_path, _env_file=None)  # type: ignore[call-arg]
    upgrade(made.ledger_url)
    return made


def _parts(settings: Settings) -> dict[str, bool]:
    answer = asked(create_app(settings), "/readyz")
    assert (answer.status_code, answer.json()["error"], answer.headers["Retry-After"]) == (503, "UNAVAILABLE", "5")
    assert str(settings.root) not in answer.text
    found: dict[str, bool] = answer.json()["parts"]
    return found


def test_a_running_service_is_ready_and_says_so_to_everybody(front: Frontage) -> None:
    answer = front.client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"parts": READY})


def test_a_ledger_of_another_revision_is_not_ready(settings: Settings) -> None:
    downgrade(settings.ledger_url, "-1")
    assert _parts(settings) == READY | {"revision": False}


def test_a_ledger_that_is_away_is_not_ready(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": None, "home": settings.home / "new"})
    assert _parts(away) == READY | {"revision": False}


def test_a_wrong_instrument_file_is_not_ready(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "instruments.yaml").write_text("instruments: 7\n")
    wrong = settings.model_copy(update={"instruments": tmp_path / "instruments.yaml"})
    assert _parts(wrong) == READY | {"instruments": False}


def test_a_spool_that_cannot_be_written_is_not_ready(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    wrong = settings.model_copy(update={"spool_dir": tmp_path / "a-file" / "spool"})
    assert _parts(wrong) == READY | {"spool": False}
