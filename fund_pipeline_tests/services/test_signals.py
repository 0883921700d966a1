"""Stop signals wake the waiter, and only what is meant to is caught."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from fund_pipeline.services.signals import STOPPING, SignalWaiter


@pytest.mark.parametrize("number", STOPPING)
def test_a_stop_signal_is_returned_by_the_wait(number: signal.Signals) -> None:
    with SignalWaiter() as signals:
        os.kill(os.getpid(), number)
        assert signals.wait(30) is number


def test_without_a_signal_the_wait_returns_nothing() -> None:
    with SignalWaiter() as signals:
        assert signals.wait(0.01) is None


def test_the_end_of_a_child_wakes_the_wait_without_being_a_stop_signal() -> None:
    with SignalWaiter() as signals:
        child = subprocess.Popen([sys.executable, "-c", ""])
        assert signals.wait(30) is None
        assert child.wait(timeout=30) == 0


def test_the_former_handlers_are_back_afterwards() -> None:
    before = [signal.getsignal(number) for number in STOPPING]
    with SignalWaiter():
        assert [signal.getsignal(number) for number in STOPPING] != before
    assert [signal.getsignal(number) for number in STOPPING] == before


def test_a_hangup_that_nohup_ignores_stays_ignored() -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalWaiter() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signals.wait(0.01) is None
    finally:
        signal.signal(signal.SIGHUP, former)
