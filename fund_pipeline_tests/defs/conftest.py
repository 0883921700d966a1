"""The nightly job run in this process, on a copy of the sample files that a test may spoil; and a fund that trades."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fund_pipeline.defs.home import prepare_home
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.services.nightly import run_nightly
from fund_pipeline.services.research import RunOutcome
from fund_pipeline.settings import load_settings
from fund_pipeline_tests.decisions.floor import found
from fund_pipeline_tests.floors import founded_on_sqlite
from fund_pipeline_tests.homes import ROOT, Home
from fund_pipeline_tests.sharing import made_once

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


@contextmanager
def at_night(home: Home, folder: Path) -> Iterator[Night]:
    """This process's settings are the home's for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for key in [key for key in os.environ if key.startswith(("FUND_", "DAGSTER_"))]:
            patch.delenv(key)
        for key, value in (home.environment() | {"FUND_BACKTESTS_DIR": str(folder)}).items():
            patch.setenv(key, value)
        patch.setenv("DAGSTER_HOME", "")  # the job sets it; this restores it afterwards
        ledger = open_ledger(load_settings().ledger_url)
        try:
            yield Night(home, folder, ledger)
        finally:
            ledger.close()


def send(home: Home, folder: Path) -> None:
    """Put four of the sample strategies' files into a folder, and the sample's registry into the home."""
    folder.mkdir()
    for name in CHOSEN:
        shutil.copy(ROOT / "data" / "backtests" / f"{name}.csv", folder)
    assert home.fund("registry", "import", "data/registry.yaml").returncode == 0


@pytest.fixture
def night(home: Home, tmp_path: Path) -> Iterator[Night]:
    """Four of the sample strategies, ready to be optimised."""
    send(home, tmp_path / "sent")
    with at_night(home, tmp_path / "sent") as made:
        yield made


@pytest.fixture(scope="session")
def first_night(embedded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an embedded home and its files as the first night leaves them, for copying."""

    def make(folder: Path) -> None:
        home = Home(Path(shutil.copytree(embedded_home, folder / "home")))
        send(home, folder / "sent")
        with at_night(home, folder / "sent") as made:
            made.run()

    return made_once(tmp_path_factory, "night", make)


@pytest.fixture
def later_night(first_night: Path, tmp_path: Path) -> Iterator[Night]:
    """The same, embedded, after a first night."""
    folder = Path(shutil.copytree(first_night, tmp_path / "night"))
    with at_night(Home(folder / "home"), folder / "sent") as made:
        prepare_home(load_settings())  # as the job does: Dagster looks there
        yield made
