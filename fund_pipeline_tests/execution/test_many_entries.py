"""Many entries at once: claimed, sent and recorded a few at a time, each sent once whatever happens between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fund_pipeline.execution import Patience, submit_intents
from fund_pipeline.execution.brokers.paper import FaultKind, PaperBroker
from fund_pipeline.execution.pace import MOST, paced
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.terms import OrderRole
from fund_pipeline_tests.execution.world import NOON, World, planned

MANY = 60


def entries(world: World, number: int) -> list[str]:
    """Intents of so many entries of ten shares each."""
    return [world.decide(planned(OrderRole.ENTRY, 10))[0] for _ in range(number)]


class Meddled(PaperBroker):
    """A paper broker at which something happens while it is given its n-th order."""

    def __init__(self, world: World, number: int, happens: Callable[[], None]) -> None:
        super().__init__(world.home / "paper" / "DU1.sqlite", world.now)
        self.left, self.happens = number, happens

    def submit(self, request: Any) -> Any:
        answer = super().submit(request)
        self.left -= 1
        if self.left == 0:
            self.happens()
        return answer


def send_through(world: World, broker: PaperBroker) -> None:
    """Send what is intended through another connection to the same paper account."""
    submit_intents(world.ledger, {"a1": broker}, world.now, patience=world.patience)
    broker.close()


def check_each_sent_once(world: World, ids: list[str]) -> None:
    """All are filled, at the broker too, by one order each."""
    world.check_settled()
    assert Counter(world.state(one) for one in ids) == {OrderState.FILLED: len(ids)}
    assert (world.held(), world.at_broker()) == (10 * len(ids), 10 * len(ids))


def test_each_of_many_entries_takes_the_same_steps_as_one(either_world: World) -> None:
    world = either_world
    ids = entries(world, MANY)
    world.send()
    assert {tuple(world.path(one)) for one in ids} == {("SUBMITTED", "ACKNOWLEDGED")}
    world.follow()
    check_each_sent_once(world, ids)


def test_an_answer_lost_among_many_leaves_that_order_unknown_and_no_other(world: World) -> None:
    ids = entries(world, MANY)
    lost = Meddled(world, 30, lambda: world.fault("submit", FaultKind.LOST_ANSWER))
    send_through(world, lost)
    assert Counter(world.state(one).value for one in ids) == {"ACKNOWLEDGED": MANY - 1, "UNKNOWN": 1}
    world.follow()
    check_each_sent_once(world, ids)


def test_what_another_process_learns_between_sending_and_recording_stands(world: World) -> None:
    ids = entries(world, 12)
    send_through(world, Meddled(world, 9, lambda: world.follow() and None))
    assert {world.path(one)[0] for one in ids} == {"SUBMITTED"}
    assert OrderState.FILLED in {world.state(one) for one in ids}
    world.follow()
    check_each_sent_once(world, ids)


def test_one_refused_among_many_is_rejected_alone(world: World) -> None:
    ids = entries(world, 12)
    send_through(world, Meddled(world, 5, lambda: world.fault("submit", FaultKind.REJECT)))
    world.follow()
    assert Counter(world.state(one).value for one in ids) == {"FILLED": 11, "REJECTED": 1}


@pytest.mark.parametrize(("point", "number"), [("before", 2), ("after", 5), ("before", 12), ("after", 14)])
def test_a_process_killed_among_many_leaves_none_unsent_and_none_sent_twice(
    world: World, point: str, number: int
) -> None:
    ids = entries(world, 20)
    command = [sys.executable, "-m", "fund_pipeline_tests.execution.killed_child"]
    arguments = [world.url, str(world.home), NOON.isoformat(), point, str(number)]
    assert subprocess.run([*command, *arguments], env=dict(os.environ)).returncode == -signal.SIGKILL
    in_doubt = [one for one in ids if world.state(one) is OrderState.SUBMITTED]
    assert in_doubt
    world.settle(passes=4)
    world.check_settled()
    assert (world.held(), world.at_broker()) == (200, 200)
    never = {one.reason for one in world.orders() if one.state is OrderState.REJECTED}
    assert never <= {"NEVER_ARRIVED"}


def test_a_broker_that_grows_slow_gets_all_of_them_and_each_once(world: World) -> None:
    ids = entries(world, 40)
    slow: list[Meddled] = []

    def take_long() -> None:
        world.wait(4)
        slow[0].left = 1  # and so with each that follows

    slow.append(Meddled(world, 10, take_long))
    send_through(world, slow[0])
    assert "INTENT" not in {world.state(one).value for one in ids}
    world.settle(passes=6)
    world.check_settled()
    assert (world.held(), world.at_broker()) == (400, 400)


def test_the_number_claimed_at_once_grows_at_a_quick_broker_and_falls_at_a_slow_one(world: World) -> None:
    entries(world, 150)
    sizes = []
    for some in paced(world.orders(), Patience(), world.now):
        sizes.append(len(some))
        if len(sizes) == 6:
            world.wait(10)
    assert sizes[:6] == [1, 2, 4, 8, 16, MOST]
    assert sizes[6] == MOST // 4
    assert sum(sizes) == 150


def test_none_waits_claimed_for_longer_than_it_may(world: World) -> None:
    """At a second and more for each order they go one by one, so that none is left to be asked for."""
    ids = entries(world, 6)
    slow: list[Meddled] = []

    def take_long() -> None:
        world.wait(timedelta(seconds=2).total_seconds())
        slow[0].left = 1

    slow.append(Meddled(world, 1, take_long))
    send_through(world, slow[0])
    assert {world.state(one) for one in ids} == {OrderState.ACKNOWLEDGED}
