"""One real API process for the tests of this folder, on a copy of the demo's home."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fund_pipeline.settings import Settings
from fund_pipeline_tests.api.people import Person, Served, served
from fund_pipeline_tests.homes import ROOT, Home

COMMAND = (sys.executable, "-m", "fund_pipeline.cli", "api", "--port", "0", "--json")
LOUD = {"FUND_LOG_LEVEL": "DEBUG", "FUND_LOG_FORMAT": "json"}


def settings_of(home: Home) -> Settings:
    """The settings of a home, which has its keys in its own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FUND_AUDIT_KEY", raising=False)
        patch.delenv("FUND_SECRETS_KEY", raising=False)
        return Settings(home=home.path, database_url=home.settings.get("FUND_DATABASE_URL"), _env_file=None)


@pytest.fixture(scope="session")
def api_home(demo_home: tuple[Home, str], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of these tests' own in which the demo has run."""
    path = tmp_path_factory.mktemp("api") / "home"
    shutil.copytree(demo_home[0].path, path, ignore=shutil.ignore_patterns("dagster"))
    return Home(path)


@pytest.fixture(scope="session")
def api(api_home: Home) -> Iterator[Served]:
    """The API of that home, as a process of its own whose log is `api.log`."""
    with (api_home.path / "api.log").open("wb") as log:
        process = subprocess.Popen(
            COMMAND, env=api_home.environment(**LOUD), cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"`fund api` ended with {process.wait()}: {(api_home.path / 'api.log').read_text()}"
        with served(settings_of(api_home), json.loads(line)["url"]) as found:
            yield found
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0, "SIGTERM did not end it in order"


@pytest.fixture(scope="session")
def eve(api: Served) -> Person:
    """An admin who looks, and whose codes are never used up: one for all tests, as making one takes a while."""
    return api.person()


@pytest.fixture
def ada(api: Served) -> Person:
    """An admin who has used no code yet."""
    return api.person()
