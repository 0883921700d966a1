"""A sensor that waits inside its tick sees a signal while it waits, alone, and lets go when its process ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster import DagsterInstance
from dagster._daemon.sensor import MIN_INTERVAL_LOOP_TIME

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.stopping import STOPPING
from fund_pipeline.defs.trading import watching
from fund_pipeline.defs.trading.definitions import trading_definitions
from fund_pipeline.defs.trading.order_sensors import incoming_signals
from fund_pipeline_tests.decisions.floor import Floor, leg, signal
from fund_pipeline_tests.ledger_fixtures import embedded_url
from fund_pipeline_tests.waiting import wait_until

EVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def floor(founded: Path, tmp_path: Path) -> Iterator[Floor]:
    """A trading floor on the real clock."""
    made = Floor(embedded_url(founded, tmp_path / "ledger.sqlite"), tmp_path)
    made.now = utc_now()
    yield made
    made.close()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    """An instance that threads can share."""
    with DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


@pytest.fixture
def watchers() -> Iterator[ThreadPoolExecutor]:
    """Threads, as a code server has them."""
    with ThreadPoolExecutor(watching.WATCHERS) as pool:
        yield pool


@pytest.fixture(autouse=True)
def _nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_asked", watching._Asked(EVER, float("-inf")))


def is_watching() -> bool:
    return watching._turn.locked()


def test_there_is_one_that_looks_or_several_that_wait() -> None:
    assert [one.name for one in incoming_signals(waits=False)] == ["incoming_signals"]
    assert len({one.name for one in incoming_signals(waits=True)}) == watching.WATCHERS


def test_a_signal_that_comes_while_they_wait_starts_one_run(
    floor: Floor, instance: DagsterInstance, watchers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "APPEAR_SECONDS", 600.0)
    monkeypatch.setattr(watching, "WATCH_SECONDS", 0.3)
    waiting = [watchers.submit(watching.watch, floor.ledger, instance) for _ in range(watching.WATCHERS)]
    wait_until(is_watching, what="a watcher")
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    asked = [one.result() for one in waiting]
    requests = [one.request for one in asked if one.request is not None]
    assert len(requests) == 1, asked
    assert requests[0].tags["fund/waiting"] == "1"


def test_one_that_waits_sees_that_a_batch_is_under_way_and_that_it_has_ended(
    floor: Floor, instance: DagsterInstance, watchers: ThreadPoolExecutor
) -> None:
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    run = instance.create_run_for_job(trading_definitions(("demo",)).resolve_job_def("size_and_execute"))
    waiting = watchers.submit(watching.watch, floor.ledger, instance)
    wait_until(is_watching, what="a watcher")
    assert not waiting.done()
    instance.report_run_failed(run)
    assert waiting.result().request is not None


def test_runs_begin_apart_so_that_somebody_watches_until_the_daemon_looks_again(
    floor: Floor, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watching.WATCHERS * watching.APART_SECONDS >= MIN_INTERVAL_LOOP_TIME
    for name, seconds in (("APPEAR_SECONDS", 0.0), ("APART_SECONDS", 0.6), ("WATCH_SECONDS", 0.1)):
        monkeypatch.setattr(watching, name, seconds)
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    began = time.monotonic()
    asked = [watching.watch(floor.ledger, instance).request for _ in range(3)]
    assert all(one is not None for one in asked)
    assert time.monotonic() - began >= 1.2


def test_it_lets_go_when_its_process_ends(
    floor: Floor, instance: DagsterInstance, watchers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WATCH_SECONDS", "APART_SECONDS"):
        monkeypatch.setattr(watching, name, 600.0)
    watching._asked.began = time.monotonic() - watching.APPEAR_SECONDS
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))  # for which a run would be due in ten minutes
    waiting = watchers.submit(watching.watch, floor.ledger, instance)
    wait_until(is_watching, what="a watcher")
    STOPPING.set()
    try:
        assert waiting.result().request is None
    finally:
        STOPPING.clear()


def test_nothing_waits_and_the_watch_is_over(
    floor: Floor, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "WATCH_SECONDS", 0.2)
    found_nothing = watching.watch(floor.ledger, instance)
    assert found_nothing.request is None
    assert found_nothing.words == "no signal waits"
