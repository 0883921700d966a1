"""Waiting for signals without racing them."""

from __future__ import annotations

import select
import signal
import socket
from types import FrameType, TracebackType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SignalWaiter:
    """While entered, stop signals and the end of a child wake `wait` up instead of interrupting the program.

    A handler that raises could do so between any two lines; this one does nothing, and the interpreter writes the
    signal's number into a socket that `wait` reads. Use it in the main thread.
    """

    def __enter__(self) -> SignalWaiter:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._former_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        # `nohup` ignores SIGHUP on purpose, so that the services outlive the terminal.
        taken = [s for s in (*STOPPING, signal.SIGCHLD) if (s, signal.getsignal(s)) != (signal.SIGHUP, signal.SIG_IGN)]
        self._former = {number: signal.signal(number, _do_nothing) for number in taken}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._former_wakeup)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float) -> signal.Signals | None:
        """Return the stop signal that came within `seconds`, or None; sooner when a child ends."""
        if not select.select([self._reader], [], [], seconds)[0]:
            return None
        return next((signal.Signals(number) for number in self._reader.recv(4096) if number in STOPPING), None)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    return None
