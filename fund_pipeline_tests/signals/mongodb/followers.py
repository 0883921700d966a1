"""Following a test's server: in a thread that is stopped, or in a process that dies at a chosen moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.signals.mongodb.following import Followed, follow
from fund_pipeline.signals.mongodb.position import Position, PositionFile
from fund_pipeline.signals.mongodb.source import Source
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.waiting import wait_until

POLL = 0.02


def positions_in(home: Path) -> PositionFile:
    return PositionFile(home / "mongodb", "desk", "trading_signals")


@contextmanager
def following(ledger: Ledger, url: str, home: Path, **options: Any) -> Iterator[Future[Followed]]:
    """Follow for as long as the block lasts, beginning when the position of the start is on disk."""
    stop, source = Event(), Source(url, None, "trading_signals", seconds=1.0)
    arguments = (ledger, Spool(home / "spool"), source, positions_in(home), stop, utc_now)
    with ThreadPoolExecutor(1) as worker:
        running = worker.submit(follow, *arguments, **{"poll_seconds": POLL, "first_pause": POLL} | options)
        try:
            wait_until(lambda: running.done() or positions_in(home).path.exists(), what="it to begin")
            yield running
        finally:
            stop.set()
            source.close()
    running.result()


def follow_and_die(*, ledger_url: str, url: str, home: str, at_save: int) -> None:
    """Follow in this process, and be killed where the position would be saved for the `at_save`-th time."""

    class Deadly(PositionFile):
        saves = 0

        def save(self, position: Position) -> None:
            self.saves += 1
            if self.saves == at_save:
                os.kill(os.getpid(), signal.SIGKILL)
            super().save(position)

    ledger = open_ledger(ledger_url)
    source = Source(url, None, "trading_signals")
    positions = Deadly(Path(home) / "mongodb", "desk", "trading_signals")
    follow(ledger, Spool(Path(home) / "spool"), source, positions, Event(), utc_now, poll_seconds=POLL)


def begin_at(home: Path, moment: datetime) -> None:
    """As if it had been followed up to a moment."""
    positions_in(home).save(Position(moment, moment))
