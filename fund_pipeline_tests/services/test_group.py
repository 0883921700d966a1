"""However the supervisor goes, nothing that it started is left: not what ignores SIGTERM, nor what left the group."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from fund_pipeline.errors import FundError
from fund_pipeline.services import group as group_module
from fund_pipeline.services import guard
from fund_pipeline.services.group import Service, ServiceGroup, StopRequested
from fund_pipeline.services.signals import SignalWaiter
from fund_pipeline_tests.waiting import wait_until

SLEEPER = "import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
PARENT = f"""
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", {STUBBORN!r}])
subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], start_new_session=True)
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], env={{"PATH": os.environ["PATH"]}})
{SLEEPER}
"""
SUPERVISOR = f"""
import json, os, sys
from pathlib import Path
from fund_pipeline.services.group import Service, ServiceGroup, StopRequested
from fund_pipeline.services.signals import SignalWaiter
with SignalWaiter() as signals:
    group = ServiceGroup(Path(sys.argv[1]), os.environ, signals, grace=0.5)
    try:
        group.start(Service("family", (sys.executable, "-c", {PARENT!r})))
        print(json.dumps([group.token, group.pids["guard"]]), flush=True)
        group.wait_until(lambda: False, None)
    except StopRequested:
        print("asked to stop")
    finally:
        group.end()
"""
FAMILY = 5  # the parent, its three children, and the guard


@dataclass(frozen=True)
class Supervised:
    process: subprocess.Popen[str]
    token: str
    leader: int

    @property
    def alive(self) -> list[psutil.Process]:
        return list(guard.members(self.token, self.leader))


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    token, leader = json.loads(process.stdout.readline())
    started = Supervised(process, token, leader)
    try:
        wait_until(lambda: len(started.alive) == FAMILY, what="the family is complete")
        yield started
    finally:
        process.kill()
        process.communicate()
        guard.end(token, leader, grace=0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_ends_the_whole_family_in_order(supervised: Supervised, number: signal.Signals) -> None:
    supervised.process.send_signal(number)
    said, _ = supervised.process.communicate(timeout=30)
    assert (said, supervised.process.returncode) == ("asked to stop\n", 0)
    assert supervised.alive == []


def test_killing_the_supervisor_ends_the_whole_family(supervised: Supervised) -> None:
    supervised.process.kill()
    wait_until(lambda: not supervised.alive, what="nothing is left")


def test_killing_the_guard_is_noticed_and_ends_the_whole_family(supervised: Supervised) -> None:
    os.kill(supervised.leader, signal.SIGKILL)
    assert supervised.process.wait(timeout=30) != 0
    assert supervised.alive == []


def test_what_outlives_supervisor_and_guard_is_found_again_by_its_token(supervised: Supervised) -> None:
    # The supervisor is stopped first, so that it cannot act on the guard's end. Not the guard: with a stopped member in
    # it, the kernel would hang up on the whole group when the supervisor is gone.
    supervised.process.send_signal(signal.SIGSTOP)
    os.kill(supervised.leader, signal.SIGKILL)
    supervised.process.kill()
    wait_until(lambda: len(supervised.alive) == FAMILY - 1, what="only the family is left")
    assert guard.end(supervised.token, supervised.leader, grace=0.2) == []
    assert supervised.alive == []


def test_the_family_is_one_process_group_apart_from_the_supervisor(supervised: Supervised) -> None:
    groups = [os.getpgid(process.pid) for process in supervised.alive]
    assert groups.count(supervised.leader) == FAMILY - 1  # all but the one that made a session of its own
    assert os.getpgid(supervised.process.pid) != supervised.leader


@pytest.fixture
def group(tmp_path: Path) -> Iterator[ServiceGroup]:
    with SignalWaiter() as signals:
        made = ServiceGroup(tmp_path / "logs", os.environ, signals, grace=0.5)
        try:
            yield made
        finally:
            made.end()


def python(name: str, code: str) -> Service:
    return Service(name, (sys.executable, "-c", code))


def test_a_service_that_ends_is_named_with_its_exit_code_its_last_lines_and_its_log(group: ServiceGroup) -> None:
    group.start(python("steady", SLEEPER))
    group.start(python("faulty", "import sys; print('working'); sys.exit('out of luck')"))
    with pytest.raises(FundError) as stopped:
        group.wait_until(lambda: False, 30)
    assert "faulty ended with exit code 1" in stopped.value.message
    assert "working\nout of luck" in stopped.value.message
    assert stopped.value.remedy == f"read {group.log_of('faulty')}"


def test_a_service_that_was_killed_is_named_with_the_signal(group: ServiceGroup) -> None:
    group.start(python("steady", SLEEPER))
    os.kill(group.pids["steady"], signal.SIGKILL)
    with pytest.raises(FundError, match="steady was killed by SIGKILL"):
        group.wait_until(lambda: False, 30)


def test_a_service_that_may_end_is_started_again_and_the_others_live_on(
    group: ServiceGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_module, "_AGAIN_SECONDS", 0.0)
    group.start(python("steady", SLEEPER))
    group.start(replace(python("fragile", f"print('begun', flush=True); {SLEEPER}"), again=True))
    first = group.pids["fragile"]
    assert group.wait_until(lambda: "begun" in group.log_of("fragile").read_text(), 30)
    os.kill(first, signal.SIGKILL)
    assert group.wait_until(lambda: group.log_of("fragile").read_text().count("begun") == 2, 30)
    assert group.pids["fragile"] != first


def test_a_task_that_fails_raises_and_one_that_succeeds_returns(group: ServiceGroup) -> None:
    group.run(python("fine", "pass"))
    with pytest.raises(FundError, match="broken ended with exit code 3"):
        group.run(python("broken", "raise SystemExit(3)"))


@pytest.mark.parametrize(("asked", "heaps"), [({}, "1"), ({"MALLOC_ARENA_MAX": "4"}, "4")])
def test_services_have_one_heap_unless_another_number_is_asked_for(
    asked: dict[str, str], heaps: str, tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"} | asked
    with SignalWaiter() as signals:
        made = ServiceGroup(tmp_path / "logs", environment, signals, grace=0.5)
        try:
            made.run(python("told", f"import os; assert os.environ['MALLOC_ARENA_MAX'] == {heaps!r}"))
        finally:
            made.end()


def test_waiting_for_what_never_comes_ends_at_the_deadline(group: ServiceGroup) -> None:
    assert group.wait_until(lambda: False, 0.1) is False


def test_a_stop_signal_interrupts_a_start(group: ServiceGroup) -> None:
    group.start(python("impatient", f"import os, signal; os.kill(os.getppid(), signal.SIGTERM); {SLEEPER}"))
    with pytest.raises(StopRequested):
        group.wait_until(lambda: False, 30)


def test_a_large_log_makes_room_for_a_new_one(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "fine.log").write_bytes(b"x" * 10_000_001)
    with SignalWaiter() as signals:
        made = ServiceGroup(logs, os.environ, signals)
        try:
            made.run(python("fine", "print('new')"))
        finally:
            made.end()
    assert (logs / "fine.log").read_text() == "new\n"
    assert (logs / "fine.log.1").stat().st_size == 10_000_001
