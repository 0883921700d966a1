"""The Dagster home is ready, and the same, however often and by however many it is prepared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dagster import DagsterInstance
from dagster._core.run_coordinator import DefaultRunCoordinator

import fund_pipeline
from fund_pipeline.defs.home import prepare_home
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.launcher import WarmRunLauncher
from fund_pipeline.settings import Settings, load_settings

REPOSITORY = Path(fund_pipeline.__file__).parent.parent


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FUND_HOME", str(tmp_path / "relative" / "home"))
    monkeypatch.delenv("FUND_DAGSTER_DATABASE_URL", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", "")
    return load_settings()


def test_the_home_is_absolute_and_is_where_dagster_looks(settings: Settings, tmp_path: Path) -> None:
    home = prepare_home(settings)
    assert home == tmp_path / "relative" / "home" / "dagster"
    assert os.environ["DAGSTER_HOME"] == str(home)


def test_an_edited_copy_of_the_configuration_is_put_right(settings: Settings) -> None:
    copy = prepare_home(settings) / "dagster.yaml"
    copy.write_text("telemetry: {enabled: true}\n")
    prepare_home(settings)
    assert copy.read_bytes() == (REPOSITORY / "dagster.yaml").read_bytes()


def test_a_missing_configuration_is_named(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fund_pipeline, "__file__", str(tmp_path / "site-packages" / "fund_pipeline" / "__init__.py"))
    with pytest.raises(ConfigurationError, match=r"site-packages/dagster\.yaml does not exist"):
        prepare_home(settings)


def test_a_home_that_is_a_file_is_refused_with_a_remedy(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "relative").write_text("in the way")
    with pytest.raises(ConfigurationError, match="set FUND_HOME"):
        prepare_home(settings)


def test_the_instance_keeps_all_it_writes_under_the_home_and_reports_nothing(settings: Settings) -> None:
    home = prepare_home(settings)
    with DagsterInstance.get() as instance:
        assert Path(instance.storage_directory()).is_relative_to(home)
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False


def test_runs_start_at_once_and_stuck_ones_are_failed(settings: Settings) -> None:
    prepare_home(settings)
    with DagsterInstance.get() as instance:
        assert isinstance(instance.run_coordinator, DefaultRunCoordinator)
        assert isinstance(instance.run_launcher, WarmRunLauncher)
        assert instance.run_launcher.supports_check_run_worker_health
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_resume_run_attempts == 0
        assert not instance.run_retries_enabled
        assert instance.global_op_concurrency_default_limit == 1


def test_the_configuration_holds_no_database_address() -> None:
    text = (REPOSITORY / "dagster.yaml").read_text()
    assert "postgresql" not in text
    assert yaml.safe_load(text)["storage"]["custom"]["config"] == {"base_dir": {"env": "DAGSTER_HOME"}}


def test_two_processes_may_prepare_one_fresh_home_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "FUND_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "fund_pipeline.defs.home"]
    started = [
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=tmp_path) for _ in range(2)
    ]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in started] == [("", 0)] * 2
    assert (tmp_path / "home" / "ledger.sqlite").exists()
    assert (tmp_path / "home" / "dagster" / "history" / "runs.db").exists()
