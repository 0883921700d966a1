"""The HTTP API as a process that can be killed and is back at once: a child of one that has imported all it needs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fund_pipeline_tests.homes import ROOT

FORKING = """
import os, sys
from fund_pipeline.api import serve
from fund_pipeline.logs import configure_logging
from fund_pipeline.settings import load_settings
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        settings = load_settings()
        configure_logging("json", "DEBUG")
        serve(settings, int(line), lambda url: os.write(1, b"up\\n"))
        os._exit(0)
    os.write(1, f"pid {child}\\n".encode())
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""


class Doorway:
    """An API on one port of its own. `log` holds everything that all its processes wrote."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self._process = process
        self._pid = 0
        self.port = port
        self.log = log
        self.url = f"http://127.0.0.1:{port}"

    def open(self) -> None:
        """Start it; it answers when this returns."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{self.port}\n")
        self._process.stdin.flush()
        self._pid = int(self._line().removeprefix("pid "))
        assert self._line() == "up", self.log.read_text()[-3000:]

    def kill(self) -> None:
        """`kill -9`, in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Ask it to stop in order."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        os.kill(self._pid, number)
        assert self._line() == "dead"

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.log.read_text()[-3000:]
        return line.strip()


@contextmanager
def doorway(environment: Mapping[str, str], log: Path) -> Iterator[Doorway]:
    """A doorway over the home of an environment, closed until it is opened."""
    with log.open("ab") as handle:
        process = subprocess.Popen(
            [sys.executable, "-c", FORKING],
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=handle,
            text=True,
            start_new_session=True,
        )
    try:
        yield Doorway(process, _free_port(), log)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
