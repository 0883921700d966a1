"""Which process works on a run, told so that a number used again, or a restarted machine, is not taken for it."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

WORKER_TAG = "fund/worker"
_POLL_SECONDS = 0.05
_KILL_SECONDS = 5.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NUMBERS = Path("/proc/self/ns/pid")


class WorkerOutlivedError(Exception):
    """A process did not end within seconds of SIGKILL: it waits for a disk or a network file system."""


@dataclass(frozen=True)
class Worker:
    """A process.

    Attributes
    ----------
    pid : its number.
    started : when it began, in ticks since the machine started, which no change of the clock touches.
    machine : the start of the machine and the name space in which the number means something.
    """

    pid: int
    started: str
    machine: str

    @classmethod
    def of(cls, pid: int) -> Worker:
        """A process of this machine that lives now. ProcessLookupError if it does not."""
        started = _started(pid)
        if started is None:
            raise ProcessLookupError(pid)
        return cls(pid, started, _machine())

    @classmethod
    def gone(cls, pid: int) -> Worker:
        """A process of this machine that had this number and does not live."""
        return cls(pid, "gone", _machine())

    @classmethod
    def parse(cls, text: str) -> Worker:
        """The worker that `str` told. ValueError for other text."""
        pid, started, machine = text.split(" ")
        return cls(int(pid), started, machine)

    def __str__(self) -> str:
        return f"{self.pid} {self.started} {self.machine}"

    @property
    def is_near(self) -> bool:
        """Whether this process could see it: anything is known of processes of this machine alone."""
        return self.machine == _machine()

    def lives(self) -> bool:
        """Whether it does, a stopped one too; a zombie does not. False for one of an earlier start of the machine."""
        return self.is_near and _started(self.pid) == self.started

    def end(self, patience: float) -> bool:
        """Ask it to stop, and kill it after so many seconds; it is gone when this returns. False if it was before.

        A stopped process (SIGSTOP) hears nothing but SIGKILL. Raises WorkerOutlivedError.
        """
        if not self.lives():
            return False
        if patience > 0:
            self._send(signal.SIGTERM)
            self._wait(patience)
        if self.lives():
            self._send(signal.SIGKILL)
            self._wait(_KILL_SECONDS)
        if self.lives():
            raise WorkerOutlivedError(f"process {self.pid} did not end within {_KILL_SECONDS:.0f} s of SIGKILL")
        return True

    def _send(self, number: signal.Signals) -> None:
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return  # it ended meanwhile

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.lives() and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)


def _machine() -> str:
    if _BOOT.exists():
        return f"{_BOOT.read_text().strip()}/{os.readlink(_NUMBERS)}"
    return f"{psutil.boot_time():.0f}"


def _started(pid: int) -> str | None:
    """When a process began; None for one that is not there, or is a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        stat = Path(f"/proc/{pid}/stat")
        # The name in parentheses may hold spaces; what follows it does not. The 22nd field is the start.
        return stat.read_text().rpartition(")")[2].split()[19] if stat.exists() else f"{process.create_time():.2f}"
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None
