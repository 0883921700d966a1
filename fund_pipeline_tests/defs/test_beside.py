"""A crowd's orders are sent by a second process while the rest is decided; whichever of the two dies, all go once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from dagster._core.storage.tags import PARENT_RUN_ID_TAG

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.trading.beside import CROWD, is_crowd
from fund_pipeline.defs.trading.watching import WAITING_TAG
from fund_pipeline.execution.brokers.paper import book
from fund_pipeline.execution.brokers.paper.book import PaperState
from fund_pipeline.ledger.orders import list_orders
from fund_pipeline_tests.decisions.floor import Floor, leg, signal
from fund_pipeline_tests.homes import ROOT, Home
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.kills.boundaries import Boundary, arm, stopped
from fund_pipeline_tests.kills.desk import EVERYTHING
from fund_pipeline_tests.ledger_fixtures import embedded_url
from fund_pipeline_tests.waiting import wait_until

SIGNALS = CROWD + 20


@dataclass
class Crowd:
    """A trading floor on which many signals wait, in a home where a run can be started."""

    floor: Floor
    home: Home

    def start(self) -> subprocess.Popen[str]:
        """Start a run over them."""
        return subprocess.Popen(
            [sys.executable, "-m", "fund_pipeline_tests.defs.crowd"],
            env=self.home.environment(),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stopped_sender(self, run: subprocess.Popen[str]) -> psutil.Process:
        """The process that sends, once it stands at the boundary."""
        sender = psutil.Process(wait_until(lambda: stopped(self.home.path), what="a process at the boundary"))
        assert sender.ppid() == run.pid
        return sender

    def assert_all_go_once(self) -> None:
        """After what is in doubt was asked for: the broker has one order of each signal, and has filled it."""
        for _ in range(4):
            self.floor.now = max(self.floor.now, utc_now()) + timedelta(minutes=1)
            self.floor.price(AAPL="125")
            self.floor.work()
        with self.floor.paper._store.transaction() as db:
            theirs = book.find_orders(db, book.Which.ALL)
        signal_of = {one.client_order_id: one.signal_id for one in list_orders(self.floor.ledger, newest=EVERYTHING)}
        by_signal = Counter(signal_of[one.request.client_order_id] for one in theirs)
        assert (len(by_signal), set(by_signal.values())) == (SIGNALS, {1})
        assert {one.state for one in theirs} == {PaperState.FILLED}
        assert self.floor.positions() == self.floor.at_broker()


@pytest.fixture
def crowd(founded: Path, tmp_path: Path) -> Iterator[Crowd]:
    url = embedded_url(founded, tmp_path / "ledger.sqlite")
    floor = Floor(url, tmp_path)
    floor.now = utc_now()
    floor.price(AAPL="125")
    for _ in range(SIGNALS):
        floor.now = utc_now()
        floor.send(signal("ENTRY", leg("BUY", 1), at=floor.now, account_equity=390_000))
    yield Crowd(floor, Home(tmp_path, {"FUND_AUDIT_KEY": AUDIT_KEY, "FUND_PAPER_PRICES": ""}))
    floor.close()


def told(run: subprocess.Popen[str]) -> dict[str, int]:
    """What a run that ended well says of its orders."""
    said, problems = run.communicate(timeout=120)
    assert run.returncode == 0, problems[-3000:]
    found: dict[str, int] = json.loads(said)
    return found


def test_orders_are_sent_while_the_rest_is_decided(crowd: Crowd) -> None:
    assert told(crowd.start()) == {"orders": SIGNALS, "sent_while_deciding": SIGNALS}
    crowd.assert_all_go_once()


def test_what_a_killed_sender_leaves_its_run_sends(crowd: Crowd) -> None:
    arm(crowd.home.path, Boundary.SUBMITTED)
    run = crowd.start()
    crowd.stopped_sender(run).kill()
    assert told(run)["orders"] == SIGNALS - 1, "the one that was being sent is in doubt, and not sent again"
    crowd.assert_all_go_once()


def test_no_sender_outlives_its_run(crowd: Crowd) -> None:
    arm(crowd.home.path, Boundary.SUBMITTING)
    run = crowd.start()
    sender = crowd.stopped_sender(run)
    run.kill()
    run.wait()
    wait_until(lambda: not sender.is_running(), seconds=10, what="the end of the sender")
    run.communicate()
    crowd.assert_all_go_once()


MANY = {WAITING_TAG: str(CROWD + 1)}


def test_only_a_crowd_has_a_sender_and_no_repeated_part_of_a_run() -> None:
    assert is_crowd(MANY)
    few = ({}, {WAITING_TAG: str(CROWD)}, {WAITING_TAG: "many"}, {WAITING_TAG: "-500"})
    assert [is_crowd(tags) for tags in (*few, MANY | {PARENT_RUN_ID_TAG: "another"})] == [False] * 5
