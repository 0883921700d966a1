"""Sending beside deciding: of a crowd of signals, what is decided already is sent while the rest is decided.

A run has one processor, and deciding and sending need as much of it each. The process that sends is forked before
anything is opened, and ends with its run. Where there is none, everything is sent once all is decided.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn

from fund_pipeline.clock import utc_now
from fund_pipeline.decisions.batch import CHUNK
from fund_pipeline.defs.trading.desk import opened_desk
from fund_pipeline.defs.trading.watching import WAITING_TAG
from fund_pipeline.execution import Paces, submit_intents
from fund_pipeline.logs import get_logger

CROWD = CHUNK
"""More signals than this are decided in several transactions: only then there is something to send meanwhile."""

_PR_SET_PDEATHSIG = 1
_PIPE_BYTES = 65_536

log = get_logger(__name__)


@dataclass(frozen=True)
class _Sender:
    """The process that sends, as its run sees it: it is told by one pipe, and tells by the other what it sent."""

    pid: int
    to_tell: int
    to_hear: int

    def tell(self) -> None:
        with suppress(BrokenPipeError):  # it has ended: the run sends what it leaves
            os.write(self.to_tell, b".")

    def finish(self) -> tuple[str, ...]:
        os.close(self.to_tell)
        with os.fdopen(self.to_hear) as heard:
            sent = heard.read().split()
        os.waitpid(self.pid, 0)
        return tuple(sent)


class _Beside:
    """The sender of this process's run, if it has one."""

    sender: _Sender | None = None


_beside = _Beside()


def stand_by(tags: Mapping[str, str]) -> None:
    """Fork the process that sends, if a crowd waits. Called in the process of a run before it has opened anything.

    `tags` are the run's. On Linux only, where a process can be made to end with its parent: it must not send for a run
    that is over.
    """
    waiting = tags.get(WAITING_TAG, "")
    if sys.platform != "linux" or not waiting.isdecimal() or int(waiting) <= CROWD:
        return
    try:
        _beside.sender = _fork()
    except OSError as refused:
        log.warning("nobody sends beside this run: it sends once all is decided", problem=str(refused))


def recorded() -> None:
    """Say that there are intents. They are sent meanwhile, if anybody stands by."""
    if _beside.sender is not None:
        _beside.sender.tell()


def finish_sending() -> tuple[str, ...]:
    """Wait until all that was told of is sent; ids of the orders that were intents."""
    sender, _beside.sender = _beside.sender, None
    return () if sender is None else sender.finish()


@contextmanager
def finishing_what_is_sent() -> Iterator[None]:
    """Should the block fail, wait for what is being sent: the run that ends then would cut it short."""
    try:
        yield
    except BaseException:
        finish_sending()
        raise


def _fork() -> _Sender:
    run, (told, to_tell), (to_hear, sent) = os.getpid(), os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(to_tell)
        os.close(to_hear)
        _serve(run, told, sent)
    os.close(told)
    os.close(sent)
    return _Sender(pid, to_tell, to_hear)


def _serve(run: int, told: int, sent: int) -> NoReturn:
    """Send whenever something is told, until the run says no more."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == run:
            with opened_desk() as desk:
                paces: Paces = {}
                while os.read(told, _PIPE_BYTES):
                    for name in submit_intents(desk.ledger, desk.brokers, utc_now, paces=paces):
                        os.write(sent, f"{name}\n".encode())
            code = 0
    except Exception:
        log.exception("the process that sends beside its run has ended; the run sends what it left")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
