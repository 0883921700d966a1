"""Watching the inbox: whether a run of the signal path is due, at one look or as soon as there is work."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunRequest, RunsFilter
from dagster._core.launcher import WorkerStatus

from fund_pipeline.clock import utc_now
from fund_pipeline.decisions.following_up import WITHIN
from fund_pipeline.defs.stopping import STOPPING
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.follow_ups import due_follow_ups
from fund_pipeline.ledger.work_waiting import holders, waiting_signals

SIZE_AND_EXECUTE = "size_and_execute"
WAITING_TAG = "fund/waiting"
"""Of a run: how many signals waited when it was asked for."""

UNDER_WAY = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
]
YOUNG = timedelta(seconds=60)
"""A run that is older may be dead without anybody having said so: another is started beside it, which is harmless."""

WATCHERS = 5
DAEMON_SECONDS = 5.0
"""The daemon has sensors look this often only, whatever they say of themselves."""

APART_SECONDS = DAEMON_SECONDS / WATCHERS
"""Runs are asked for this far apart: a watcher that has asked for one watches again after the daemon's next look, and
one must be left until then. Otherwise, where a batch takes half a second, nobody would watch half of the time."""

WATCH_SECONDS = 8.0
"""How long one watches. Meanwhile the daemon has the others waiting for their turn."""

TURN_SECONDS = WATCHERS * WATCH_SECONDS
POLL_SECONDS = 0.05
"""A listening connection would be told sooner, but PostgreSQL lets transactions that notify commit one by one only."""

BUSY_POLL_SECONDS = 0.15
"""While a batch is under way: what waits is not started yet, and the batch needs the processor."""

SLOW_POLL_SECONDS = 1.0
"""For what the clock alone brings about: follow-ups that are due, and holders that have died."""

FEW = 5
APPEAR_SECONDS = 2.0
"""How long a run that was asked for may take to be seen."""

_turn = threading.Lock()


@dataclass(frozen=True)
class Found:
    """The run that is due, or in words why none is, which may be a batch under way."""

    request: RunRequest | None
    words: str
    is_busy: bool = False


@dataclass
class _Asked:
    """The run that was asked for last, by any watcher of this process."""

    at: datetime
    began: float


_asked = _Asked(datetime.min.replace(tzinfo=UTC), float("-inf"))


def look_once(ledger: Ledger, instance: DagsterInstance) -> Found:
    """One look. A run's key has the minute in it, for a key of which the run died would never fire again."""
    return _Look(ledger, instance).at(slow=True)


def watch(ledger: Ledger, instance: DagsterInstance) -> Found:
    """Look until a run is due, the watch is over, or this process is told to stop."""
    if not _turn.acquire(timeout=TURN_SECONDS):
        return Found(None, "others watched all the time")
    try:
        look, end, slow = _Look(ledger, instance), time.monotonic() + WATCH_SECONDS, 0.0
        while not STOPPING.is_set():
            now = time.monotonic()
            found = look.at(slow=now >= slow)
            if found.request is not None and now >= _asked.began + APART_SECONDS:
                _asked.at, _asked.began = utc_now(), now
                return found
            if found.request is None and now >= end:
                return found
            slow = now + SLOW_POLL_SECONDS if now >= slow else slow
            STOPPING.wait(BUSY_POLL_SECONDS if found.is_busy else POLL_SECONDS)
        return Found(None, "this process is about to end")
    finally:
        _turn.release()


class _Look:
    """Looks at one ledger and instance, and what the last slow one found."""

    def __init__(self, ledger: Ledger, instance: DagsterInstance) -> None:
        self._ledger, self._instance = ledger, instance
        self._due: tuple[str, ...] = ()
        self._left: tuple[str, ...] = ()

    def at(self, *, slow: bool) -> Found:
        """The run that is due now. A slow look asks for what the clock alone brings about, too."""
        now = utc_now()
        waiting = waiting_signals(self._ledger, now)
        if slow:
            self._due = tuple(one.signal.signal_id for one in due_follow_ups(self._ledger, now - WITHIN))
            self._left = tuple(one for one in holders(self._ledger) if self._has_ended(one))
        if not waiting.count and not self._due and not self._left:
            return Found(None, "no signal waits")
        if _has_asked(self._instance) or batch_under_way(self._instance, now):
            return Found(None, f"{waiting.count} signals wait, and a batch is under way", is_busy=True)
        mark = ":".join([waiting.mark, *self._left, *self._due])
        tags = {WAITING_TAG: str(waiting.count + len(self._due))}
        return Found(RunRequest(run_key=f"{mark}:{now:%Y%m%d%H%M}", tags=tags), "signals wait")

    def _has_ended(self, holder: str) -> bool:
        """Whether signals are held by a run that is over: it was killed, and its lease need not run out."""
        run = self._instance.get_run_by_id(holder)
        return run is not None and run.is_finished


def batch_under_way(instance: DagsterInstance, now: datetime) -> bool:
    """Whether a run works on signals and their orders, as far as anybody knows."""
    young = RunsFilter(job_name=SIZE_AND_EXECUTE, statuses=UNDER_WAY, created_after=now - YOUNG)
    return any(_may_live(instance, run) for run in instance.get_runs(young, limit=FEW))


def _has_asked(instance: DagsterInstance) -> bool:
    """Whether a run was asked for a moment ago and is not to be seen yet."""
    if time.monotonic() >= _asked.began + APPEAR_SECONDS:
        return False
    return not instance.get_runs(RunsFilter(job_name=SIZE_AND_EXECUTE, created_after=_asked.at), limit=1)


def _may_live(instance: DagsterInstance, run: DagsterRun) -> bool:
    """Whether a run's process may be there: run monitoring says so of one that never began after a minute only."""
    launcher = instance.run_launcher
    if not launcher.supports_check_run_worker_health:
        return True
    return launcher.check_run_worker_health(run).status is not WorkerStatus.FAILED
