"""One build of the marts for all tests of this folder: the real job, over a ledger in which a fund has traded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.settings import Settings
from fund_pipeline_tests.api.people import Served, served
from fund_pipeline_tests.dashboards.world import trade, zone_where_it_is_noon
from fund_pipeline_tests.homes import ROOT, Home
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY

KEYS = {"FUND_AUDIT_KEY": AUDIT_KEY, "FUND_SECRETS_KEY": SECRETS_KEY}


@dataclass(frozen=True)
class Built:
    """A home whose marts were built and published by the job, and what that run told."""

    home: Home
    settings: Settings
    ledger: Ledger
    run: ExecuteInProcessResult
    began: datetime


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Built]:
    """The job `publish_dashboards`, once, in this process."""
    from fund_pipeline.defs.research.definitions import research_definitions
    from fund_pipeline.defs.research.jobs import PUBLISH

    path = tmp_path_factory.mktemp("built") / "home"
    path.mkdir()
    shutil.copy(sqlite_template, path / "ledger.sqlite")
    began = utc_now()
    zone = zone_where_it_is_noon(began)
    trade(f"sqlite:///{path / 'ledger.sqlite'}", path, began, ZoneInfo(zone))
    home = Home(path, KEYS | {"FUND_TIME_ZONE": zone})
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FUND_")]:
            patch.delenv(name)
        for name, value in home.environment().items():
            patch.setenv(name, value)
        settings = Settings(_env_file=None)
        job = research_definitions(()).resolve_job_def(PUBLISH)
        with DagsterInstance.ephemeral() as instance:
            run = job.execute_in_process(instance=instance, raise_on_error=False)
    ledger = open_ledger(settings.ledger_url)
    yield Built(home, settings, ledger, run, began)
    ledger.close()


@pytest.fixture(scope="session")
def api(built: Built) -> Iterator[Served]:
    """The API of that home, as a process of its own."""
    command = [sys.executable, "-m", "fund_pipeline.cli", "api", "--port", "0", "--json"]
    with (built.home.path / "api.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=built.home.environment(), cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (built.home.path / "api.log").read_text()
        with served(built.settings, json.loads(line)["url"]) as found:
            yield found
    finally:
        process.terminate()
        process.communicate(timeout=60)
