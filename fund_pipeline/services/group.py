"""The services as one process group that starts, is watched and ends together."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fund_pipeline.errors import FundError
from fund_pipeline.services import guard
from fund_pipeline.services.lasting import ONE_HEAP
from fund_pipeline.services.signals import SignalWaiter

_LAST_LINES = 15
_KEEP_BYTES = 10_000_000
_AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Service:
    """One process to start: its name (also of its log) and its command line.

    `again` starts it anew when it ends; the end of any other ends all.
    """

    name: str
    command: tuple[str, ...]
    again: bool = False


class StopRequested(Exception):
    """Someone asked for the services to stop."""


class ServiceGroup:
    """Starts services in one process group, with their output in `logs`, and ends every process that came of them."""

    def __init__(
        self,
        logs: Path,
        environment: Mapping[str, str],
        signals: SignalWaiter,
        grace: float = guard.GRACE_SECONDS,
    ) -> None:
        self.token = secrets.token_hex(16)
        self._logs = logs
        self._signals = signals
        self._grace = grace
        self._environment = {**ONE_HEAP, **environment, guard.TOKEN: self.token, "PYTHONUNBUFFERED": "1"}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._again: dict[str, tuple[Service, float]] = {}
        logs.mkdir(parents=True, exist_ok=True)
        # A group of its own: a Ctrl-C in the terminal reaches the supervisor alone, which then stops all in order.
        with self._open_log("guard") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", guard.__file__, self.token, str(grace)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    @property
    def pids(self) -> dict[str, int]:
        """Process id of each running service, and of the guard, by name."""
        return {"guard": self._guard.pid, **{name: child.pid for name, child in self._children.items()}}

    def log_of(self, name: str) -> Path:
        """The file that holds a service's output."""
        return self._logs / f"{name}.log"

    def start(self, service: Service) -> None:
        """Start a service that is meant to run for ever."""
        self._children[service.name] = self._spawn(service)
        if service.again:
            self._again[service.name] = (service, time.monotonic())

    def run(self, service: Service) -> None:
        """Run a command that is meant to end, and wait for it. Raises FundError with the end of its log if it fails."""
        task = self._spawn(service)
        self.wait_until(lambda: task.poll() is not None, None)
        if task.returncode:
            raise self._failure(service.name, task.returncode)

    def wait_until(self, condition: Callable[[], bool], seconds: float | None) -> bool:
        """Wait for `condition` for at most `seconds` (None: for ever); return whether it came.

        Raises
        ------
        StopRequested : a stop signal came.
        FundError : a service ended that is not to be started again.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while not condition():
            if self._signals.wait(0.05 if seconds is not None else 0.5):
                raise StopRequested
            for name, child in {**self._children, "guard": self._guard}.items():
                if child.poll() is not None and not self._is_started_again(name):
                    raise self._failure(name, child.returncode)
            if deadline is not None and time.monotonic() > deadline:
                return False
        return True

    def end(self) -> None:
        """End every process of the group and wait until it has. A second stop signal meanwhile kills at once.

        Raises FundError naming the processes that even SIGKILL did not end.
        """
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        while self._guard.poll() is None:
            if self._signals.wait(0.2):
                guard.end(self.token, self._guard.pid, grace=0)
        # Usually nothing is left. If the guard itself was killed, this does its work.
        survivors = guard.end(self.token, self._guard.pid, grace=self._grace)
        for child in self._children.values():
            child.poll()
        if survivors:
            raise FundError(
                f"processes {survivors} did not end", remedy="end them by hand before starting the services again"
            )

    def last_lines(self, name: str) -> str:
        """The end of a service's log."""
        with self.log_of(name).open(errors="replace") as log:
            return "".join(deque(log, _LAST_LINES)).strip()

    def _is_started_again(self, name: str) -> bool:
        """Start a service anew that may end, at most every few seconds; False for one that may not."""
        if name not in self._again:
            return False
        service, began = self._again[name]
        if time.monotonic() > began + _AGAIN_SECONDS:
            self.start(service)
        return True

    def _spawn(self, service: Service) -> subprocess.Popen[bytes]:
        with self._open_log(service.name) as log:
            return subprocess.Popen(
                service.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                process_group=self._guard.pid,
            )

    def _open_log(self, name: str) -> BinaryIO:
        path = self.log_of(name)
        if path.exists() and path.stat().st_size > _KEEP_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def _failure(self, name: str, code: int) -> FundError:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        log = self.log_of(name)
        return FundError(
            f"the end of {log}:\n{self.last_lines(name)}\n{name} {how}, so everything was stopped", remedy=f"read {log}"
        )
