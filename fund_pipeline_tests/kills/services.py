"""The trading location's code server and the daemon as processes that can be killed, and are back at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from unittest.mock import patch

import psutil
from dagster import DagsterInstance, RunsFilter
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from fund_pipeline.launcher.asking import ANNOUNCED
from fund_pipeline.services import plan
from fund_pipeline.services.group import Service
from fund_pipeline.services.probes import socket_answers
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.waiting import wait_until

PRODUCT, STOPPABLE = "fund_pipeline.defs.trading.definitions", "fund_pipeline_tests.kills.location"
SECONDS = 120.0


class Victim(StrEnum):
    """What is killed: a run's process, the one that sends beside it, or a service."""

    WORKER = "worker"
    SENDER = "sender"
    SERVER = "trading"
    DAEMON = "daemon"
    WARM = "warm"
    DATABASE = "database"


class Services:
    """Code server and daemon of a home. `logs` holds all that they and the runs wrote."""

    def __init__(self, process: subprocess.Popen[str], home: Path, environment: Mapping[str, str]) -> None:
        self._process = process
        self._environment = environment
        self._home = home
        self.logs = home / "logs"
        self._socket = home / "run" / "trading.sock"
        self._workspace = home / "run" / "workspace.yaml"
        self._pids: dict[Victim, int] = {}
        for folder in (self.logs, self._socket.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._workspace.write_text(plan.workspace_of({"trading": self._socket}))

    def prepare(self) -> None:
        """Bring the ledger and the Dagster home up to date."""
        pid = self._start(plan.preparation())
        wait_until(lambda: not psutil.pid_exists(pid), seconds=SECONDS, what="the preparation")

    def open(self, *which: Victim) -> None:
        """Start services; a code server answers when this returns."""
        for one in which:
            if one is Victim.SERVER:
                self._socket.unlink(missing_ok=True)
                server = plan.code_server("trading", self._socket)
                self._pids[one] = self._start(Service(server.name, _stoppable(server)))
                wait_until(lambda: socket_answers(self._socket), seconds=SECONDS, what="the code server")
            elif one is Victim.DAEMON:
                self._pids[one] = self._start(plan.daemon(self._workspace))
            elif one is Victim.WARM:
                self._open_warm()

    def _open_warm(self) -> None:
        announced = self._home / "dagster" / ANNOUNCED
        announced.unlink(missing_ok=True)
        warm = plan.warm("trading", self._socket.with_name("warm.sock"), announced.parent)
        self._pids[Victim.WARM] = self._start(Service(warm.name, _stoppable(warm)))
        wait_until(announced.exists, seconds=SECONDS, what="the warm process")

    def kill(self, pids: Iterable[int]) -> None:
        """`kill -9`, stopped ones too, all at the same moment."""
        dying = list(pids)
        for pid in dying:
            with suppress(ProcessLookupError):  # a process of the database ends by itself
                os.kill(pid, signal.SIGKILL)
        for pid in dying:
            wait_until(lambda pid=pid: not _lives(pid), seconds=SECONDS, what=f"the end of {pid}")

    def pid(self, which: Victim) -> int:
        """The process of a service."""
        return self._pids[which]

    def workers(self) -> list[int]:
        """The processes of runs, those whose code server or warm process is dead among them."""
        found, services = [], {self._process.pid, *self._pids.values()}
        for process in psutil.process_iter(["cmdline", "status"]):
            # A fork has the command line of the first of its line, which started all services.
            is_run = any("spawn_main" in part or "serve()" in part for part in process.info["cmdline"] or ())
            if is_run and process.pid not in services and _lives(process.pid) and self._is_ours(process.pid):
                found.append(process.pid)
        return found

    def name_of(self, pid: int) -> Victim:
        """What a process is that stands at a boundary."""
        if pid == self._pids[Victim.SERVER]:
            return Victim.SERVER
        return Victim.SENDER if psutil.Process(pid).ppid() in self.workers() else Victim.WORKER

    def runs_under_way(self) -> int:
        """Runs that Dagster takes to be at work."""
        with patch.dict(os.environ, self._environment), DagsterInstance.get() as instance:
            return instance.get_runs_count(RunsFilter(statuses=NOT_FINISHED_STATUSES))

    def _is_ours(self, pid: int) -> bool:
        try:
            return os.getpgid(pid) == self._process.pid
        except ProcessLookupError:
            return False

    def _start(self, service: Service) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _, flag, *rest = service.command
        assert flag == "-m"
        self._process.stdin.write(json.dumps([str(self.logs / f"{service.name}.log"), *rest]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, (self.logs / "starter.log").read_text()[-3000:]
        return int(line)


def _stoppable(service: Service) -> tuple[str, ...]:
    return tuple(STOPPABLE if part == PRODUCT else part for part in service.command)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def services_of(home: Path, environment: Mapping[str, str]) -> Iterator[Services]:
    """Services of a home, closed until they are opened; nothing is left of them afterwards."""
    (home / "logs").mkdir(parents=True, exist_ok=True)
    with (home / "logs" / "starter.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from fund_pipeline_tests.kills.warm import serve; serve()"],
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield Services(process, home, environment)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
