"""The guard: a small process that ends every service when the supervisor is gone, however it went.

The supervisor holds the only write end of the pipe that is this process's standard input. The kernel closes it when
the supervisor exits, even by SIGKILL; the guard then ends the group. The orderly stop takes the same way, so there
is one way of stopping. A signal on the parent's death would reach the services only, not the runs they started.

The guard is the leader of the process group, which keeps the group's number from being given to anyone else. It is run
by path, in isolated mode, and imports nothing of the product, so that it stays small and has nothing to fail at.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

import psutil

TOKEN = "FUND_SERVICES_TOKEN"  # noqa: S105 - the name of a variable that marks our processes; it opens nothing
GRACE_SECONDS = 15.0
KILL_SECONDS = 10.0
_POLL_SECONDS = 0.1


def members(token: str, group: int | None = None) -> Iterator[psutil.Process]:
    """Every live process that carries `token` in its environment or is in process group `group`, except the caller.

    The token finds what left the group, and what outlived it; the group finds what dropped the environment.
    """
    for process in psutil.process_iter(["status"]):
        if process.pid == os.getpid() or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        try:
            if os.getpgid(process.pid) == group or process.environ().get(TOKEN) == token:
                yield process
        except (psutil.Error, OSError):
            continue  # it ended meanwhile, or belongs to another user: neither is ours


def end(token: str, group: int | None = None, *, grace: float = GRACE_SECONDS) -> list[int]:
    """Ask each member once to stop, kill what is left after `grace` seconds; return the pids that outlived that."""
    asked: set[psutil.Process] = set()
    begun = time.monotonic()
    while alive := list(members(token, group)):
        elapsed = time.monotonic() - begun
        if elapsed > grace + KILL_SECONDS:
            return [process.pid for process in alive]
        for process in alive:
            _signal(process, kill=elapsed >= grace, first=process not in asked)
        asked.update(alive)
        time.sleep(_POLL_SECONDS)
    return []


def _signal(process: psutil.Process, *, kill: bool, first: bool) -> None:
    try:
        if kill:
            process.kill()
        elif first:
            process.terminate()
    except psutil.Error:
        return  # it ended meanwhile


def main() -> int:
    """Wait for the supervisor to go, then end the group; 0 when nothing is left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 1):
        pass
    return 1 if end(sys.argv[1], os.getpgrp(), grace=float(sys.argv[2])) else 0


if __name__ == "__main__":
    sys.exit(main())
