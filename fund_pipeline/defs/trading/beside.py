"""Sending beside deciding: of a crowd of signals, what is decided already is sent while the rest is decided.

A run has one processor, and deciding and sending need as much of it each. The process that sends is forked before
anything is opened, and ends with its run. Where there is none, everything is sent once all is decided.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from dagster._core.storage.tags import PARENT_RUN_ID_TAG

from fund_pipeline.clock import utc_now
from fund_pipeline.decisions.batch import CHUNK
from fund_pipeline.defs.trading.desk import keep_desk, opened_desk
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
    """Prepare for a run over signals. Called in its process, with its tags, before anything is opened.

    For a crowd the process that sends is forked. The desk stays open, and the garbage collector rests: a batch leaves
    no more than its process, which ends in seconds, may keep.
    """
    if WAITING_TAG not in tags:
        return
    gc.disable()
    keep_desk()
    if not is_crowd(tags):
        return
    try:
        _beside.sender = _fork()
    except OSError as refused:
        log.warning("nobody sends beside this run: it sends once all is decided", problem=str(refused))


def is_crowd(tags: Mapping[str, str]) -> bool:
    """Whether a run with these tags has somebody send beside it.

    On Linux only, where a process can be made to end with its parent: it must not send for a run that is over. A run
    that repeats another may be a part of it.
    """
    waiting = tags.get(WAITING_TAG, "")
    is_many = waiting.isdecimal() and int(waiting) > CROWD
    return is_many and PARENT_RUN_ID_TAG not in tags and sys.platform == "linux"


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
        try:
            os.close(to_tell)
            os.close(to_hear)
            _serve(run, told, sent)
        finally:
            os._exit(1)
    os.close(told)
    os.close(sent)
    return _Sender(pid, to_tell, to_hear)


def _serve(run: int, told: int, sent: int) -> None:
    """Send whenever something is told, until the run says no more."""
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != run:
        return
    paces: Paces = {}
    looked_at: set[str] = set()
    try:
        with opened_desk() as desk:
            while os.read(told, _PIPE_BYTES):
                found = set(submit_intents(desk.ledger, desk.brokers, utc_now, paces=paces))
                os.write(sent, "".join(f"{name}\n" for name in found - looked_at).encode())
                looked_at |= found
    except Exception:
        log.exception("the process that sends beside its run has ended; the run sends what it left")
    sys.stdout.flush()
    sys.stderr.flush()
