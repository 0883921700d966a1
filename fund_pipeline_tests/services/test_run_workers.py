"""A run in progress ends with the services, and its record says so."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest
from dagster import DagsterInstance

from fund_pipeline.defs.home import prepare_home
from fund_pipeline.services.group import Service, ServiceGroup
from fund_pipeline.services.plan import workspace_of
from fund_pipeline.services.probes import socket_answers
from fund_pipeline.services.signals import SignalWaiter
from fund_pipeline.settings import load_settings
from fund_pipeline_tests.waiting import wait_until

NAPPING = """
import os, pathlib, time
from dagster import Definitions, job, op

@op
def nap():
    pathlib.Path(__file__).with_name("napping").write_text(str(os.getpid()))
    time.sleep(600)

@job
def napping():
    nap()

defs = Definitions(jobs=[napping])
"""


def test_the_steps_of_a_run_in_progress_end_with_the_services_and_the_run_is_not_left_started(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUND_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FUND_DAGSTER_DATABASE_URL", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", "")
    prepare_home(load_settings())
    code, workspace = tmp_path / "nap.py", tmp_path / "workspace.yaml"
    code.write_text(NAPPING)
    address = tmp_path_factory.getbasetemp() / "nap.sock"
    workspace.write_text(workspace_of({"nap": address}))
    dagster = (sys.executable, "-m", "dagster")
    serve = ("api", "grpc", "--socket", str(address), "--python-file", str(code), "--location-name", "nap")
    launch = ("job", "launch", "--workspace", str(workspace), "--job", "napping", "--location", "nap")

    with SignalWaiter() as signals:
        group = ServiceGroup(tmp_path / "logs", os.environ, signals)
        try:
            group.start(Service("nap", (*dagster, *serve)))
            assert group.wait_until(partial(socket_answers, address), 180)
            group.run(Service("launch", (*dagster, *launch)))
            step = wait_until(lambda: code.with_name("napping").exists() and code.with_name("napping").read_text())
            assert os.getpgid(int(step)) == group.pids["guard"]
        finally:
            group.end()

    assert not _runs(int(step))
    with DagsterInstance.get() as instance:
        [run] = instance.get_runs()
        assert run.is_finished


def _runs(pid: int) -> bool:
    """Whether it does anything any more; one that nobody has asked about yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
