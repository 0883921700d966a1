"""The words between the launcher and the warm process: lines over a socket that only this user can reach.

    launcher: run RUN_ID          the process forks; the fork answers
    fork:     worker PID START MACHINE
    launcher: go TAGS             once the run is tagged with that; without it the fork ends and has done nothing. The
                                  run's tags, as JSON, are for what the location does before it is worked
    fork:     going

`busy` or `unwell REASON` may come instead of a worker. `status` is answered by one line of JSON.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RUN, GO, GOING, WORKER, BUSY, UNWELL, STATUS = "run", "go", "going", "worker", "busy", "unwell", "status"
ANSWER_SECONDS = 3.0
ANNOUNCED = "warm.sock"
"""A link in the Dagster home to the socket, there as long as the warm process has its code imported: the socket's own
path must be short."""

_LONGEST = 65_536


class NoAnswerError(Exception):
    """The other side is not there, said nothing in time, or hung up."""


class Line:
    """Lines over a connected socket, each waited for `ANSWER_SECONDS` at most."""

    def __init__(self, connection: socket.socket, seconds: float = ANSWER_SECONDS) -> None:
        self._connection = connection
        connection.settimeout(seconds)
        self._reader = connection.makefile("r", encoding="utf-8", newline="\n")

    def close(self) -> None:
        """Let go of the socket, which whoever made it closes."""
        self._reader.close()

    def say(self, *words: str) -> None:
        """Send a line. Raises NoAnswerError."""
        try:
            self._connection.sendall((" ".join(words) + "\n").encode())
        except OSError as gone:
            raise NoAnswerError(f"it does not listen: {gone}") from gone

    def hear(self) -> tuple[str, str]:
        """The first word of the next line, and the rest. Raises NoAnswerError."""
        try:
            line = self._reader.readline(_LONGEST)
        except OSError as late:
            raise NoAnswerError(f"no answer came: {late}") from late
        if not line.endswith("\n"):
            raise NoAnswerError("it hung up")
        word, _, rest = line.strip().partition(" ")
        return word, rest


@contextmanager
def called(path: Path) -> Iterator[Line]:
    """A line to the warm process that listens at `path`. Raises NoAnswerError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(path.resolve()))
        except OSError as absent:
            raise NoAnswerError(f"nothing listens at {path}: {absent.strerror or absent}") from absent
        line = Line(connection)
        try:
            yield line
        finally:
            line.close()  # else it keeps the socket open, and the other side waits
