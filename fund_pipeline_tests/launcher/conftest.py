"""The product's Dagster home, a code server and the warm process of a small code location, and runs launched there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration

from fund_pipeline.defs.home import prepare_home
from fund_pipeline.launcher.asking import ANNOUNCED
from fund_pipeline.launcher.launcher import LAUNCHER_TAG
from fund_pipeline.launcher.worker import WORKER_TAG, Worker
from fund_pipeline.logs import get_logger
from fund_pipeline.services.probes import socket_answers
from fund_pipeline.settings import load_settings
from fund_pipeline_tests.homes import ROOT, Home
from fund_pipeline_tests.waiting import wait_until

MODULE = "fund_pipeline_tests.launcher.location"
CHANGING = "fund_pipeline_tests_changing.py"
SECONDS = 90.0


@dataclass
class House:
    """A home with its processes. `workspace` is what the daemon would see."""

    home: Path
    instance: DagsterInstance
    environment: Mapping[str, str]
    workspace: Any = None
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def link(self) -> Path:
        """Where the warm process announces itself."""
        return self.home / "dagster" / ANNOUNCED

    def start_warm(self) -> None:
        """Start the warm process, and wait until it has imported its code."""
        self.link.unlink(missing_ok=True)
        options = ["--socket", str(self.home / "w.sock"), "--module", MODULE, "--announce", str(self.link)]
        self._start("warm", "fund_pipeline.launcher.warm", *options)
        wait_until(self.link.exists, seconds=SECONDS, what="the warm process")

    def start_server(self) -> None:
        """Start the code server, and wait until it answers."""
        socket = self.home / "c.sock"
        socket.unlink(missing_ok=True)
        options = ["api", "grpc", "--socket", str(socket), "--module-name", MODULE, "--location-name", "trading"]
        self._start("server", "dagster", *options)
        wait_until(lambda: socket_answers(socket), seconds=SECONDS, what="the code server")

    def _start(self, name: str, *module_and_options: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *module_and_options], env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """`kill -9`."""
        self.processes[name].kill()
        self.processes[name].wait()

    def change(self, content: str) -> None:
        """Write the changing part of the code, with a time that no earlier one has."""
        path = self.home / CHANGING
        before = path.stat().st_mtime if path.exists() else 0.0
        path.write_text(content)
        os.utime(path, (before + 10, before + 10))

    def launch(self, job: str) -> str:
        """Launch a job as the daemon would; the run's id."""
        request = self.workspace.create_request_context()
        location = request.get_code_location("trading")
        repository = next(iter(location.get_repositories().values()))
        remote = repository.get_full_job(job)
        plan = location.get_execution_plan(remote, {}, step_keys_to_execute=None, known_state=None)
        run = self.instance.create_run(
            job_name=job,
            run_id=None,
            run_config={},
            status=None,
            tags={},
            root_run_id=None,
            parent_run_id=None,
            step_keys_to_execute=None,
            execution_plan_snapshot=plan.execution_plan_snapshot,
            job_snapshot=remote.job_snapshot,
            parent_job_snapshot=remote.parent_job_snapshot,
            asset_selection=None,
            asset_check_selection=None,
            resolved_op_selection=None,
            op_selection=None,
            remote_job_origin=remote.get_remote_origin(),
            job_code_origin=remote.get_python_origin(),
            asset_graph=repository.asset_graph,
        )
        self.instance.launch_run(run.run_id, request)
        return run.run_id

    def run(self, run_id: str) -> DagsterRun:
        """A run as it is now."""
        found = self.instance.get_run_by_id(run_id)
        assert found is not None
        return found

    def ended(self, run_id: str, seconds: float = SECONDS) -> DagsterRunStatus:
        """Wait for the end of a run; its status."""
        wait_until(lambda: self.run(run_id).is_finished, seconds=seconds, what=f"the end of {run_id}")
        return self.run(run_id).status

    def launched_by(self, run_id: str) -> str:
        """Which launcher started a run."""
        return self.run(run_id).tags[LAUNCHER_TAG]

    def words(self, run_id: str) -> list[str]:
        """What the engine says in a run's log."""
        entries = self.instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT)
        return [entry.dagster_event.message or "" for entry in entries if entry.dagster_event]

    def long_at_work(self) -> tuple[str, Worker]:
        """A run that works for long, in the middle of it, and its process."""
        mark = self.home / "long"
        mark.unlink(missing_ok=True)
        run_id = self.launch("long_job")
        wait_until(mark.exists, seconds=SECONDS, what="the run at work")
        launcher = self.instance.run_launcher
        launcher.check_run_worker_health(self.run(run_id))
        return run_id, Worker.parse(self.run(run_id).tags[WORKER_TAG])

    def monitor(self) -> None:
        """What the daemon's run monitoring does every few seconds."""
        for failed in execute_run_monitoring_iteration(self.workspace, get_logger("monitoring")):
            assert failed is None, failed

    def stop(self) -> None:
        """End every process."""
        for process in self.processes.values():
            children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.kill()
            process.wait()
            for child in children:
                child.send_signal(signal.SIGKILL)


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of the launcher, with both processes up."""
    folder = tmp_path_factory.mktemp("w")
    environment = Home(folder).environment(DAGSTER_HOME=str(folder / "dagster"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FUND_HOME", "DAGSTER_HOME"):
            patch.setenv(name, environment[name])
        prepare_home(load_settings())
        with DagsterInstance.get() as instance:
            made = House(folder, instance, environment)
            made.change("SAYS = 'first'\n")
            made.start_server()
            made.start_warm()
            target = GrpcServerTarget(
                socket=str(folder / "c.sock"), location_name="trading", host="localhost", port=None
            )
            try:
                with WorkspaceProcessContext(instance, target) as made.workspace:
                    yield made
            finally:
                made.stop()
