"""The nightly job run in this process, on a copy of the sample files that a test may spoil; and a fund that trades."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.services.nightly import run_nightly
from fund_pipeline.services.research import RunOutcome
from fund_pipeline.settings import load_settings
from fund_pipeline_tests.decisions.floor import found
from fund_pipeline_tests.floors import founded_on_sqlite
from fund_pipeline_tests.homes import ROOT, Home

CHOSEN = ("Factor_Rotation", "LowVol_Long", "SPX_VolTarget", "TS_Momentum")


@dataclass(frozen=True)
class Night:
    """A home whose registry is the sample's, and the folder its backtests come from."""

    home: Home
    folder: Path
    ledger: Ledger

    def run(self) -> RunOutcome:
        """The nightly job, once."""
        return run_nightly(load_settings(), "corr-test", lambda _: None)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded ledger of a small fund that may trade, for copying."""
    return founded_on_sqlite(tmp_path_factory.mktemp("founded") / "ledger.sqlite", found)


@pytest.fixture
def night(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    """Four of the sample strategies, ready to be optimised; this process's settings are the home's."""
    folder = tmp_path / "sent"
    folder.mkdir()
    for name in CHOSEN:
        shutil.copy(ROOT / "data" / "backtests" / f"{name}.csv", folder)
    assert home.fund("registry", "import", "data/registry.yaml").returncode == 0
    for key in [key for key in os.environ if key.startswith(("FUND_", "DAGSTER_"))]:
        monkeypatch.delenv(key)
    for key, value in (home.environment() | {"FUND_BACKTESTS_DIR": str(folder)}).items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("DAGSTER_HOME", "")  # the job sets it; this restores it afterwards
    ledger = open_ledger(load_settings().ledger_url)
    yield Night(home, folder, ledger)
    ledger.close()
