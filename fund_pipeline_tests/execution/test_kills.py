"""`kill -9` between the steps of sending: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.terms import OrderRole
from fund_pipeline_tests.execution.world import NOON, World, planned

POINTS = [
    ("clock", 1),
    ("clock", 2),
    ("clock", 4),
    ("clock", 6),
    ("before", 1),
    ("after", 1),
    ("before", 2),
    ("after", 2),
]


def test_a_process_killed_anywhere_between_the_steps_loses_and_doubles_nothing(
    new_world: Callable[[], World],
) -> None:
    worlds = [new_world() for _ in POINTS]
    children = []
    for world, (point, number) in zip(worlds, POINTS, strict=True):
        world.run(planned(OrderRole.ENTRY, 50))
        world.decide(planned(OrderRole.ENTRY, 100))
        world.decide(planned(OrderRole.EXIT, 50))
        command = [sys.executable, "-m", "fund_pipeline_tests.execution.killed_child"]
        arguments = [world.url, str(world.home), NOON.isoformat(), point, str(number)]
        children.append(subprocess.Popen([*command, *arguments], env=dict(os.environ)))
    for world, child, point in zip(worlds, children, POINTS, strict=True):
        assert child.wait() == -signal.SIGKILL, point
        in_doubt = [one for one in world.orders() if one.state is OrderState.SUBMITTED]
        assert len(in_doubt) <= 1, point
        world.settle(passes=4)
        world.check_settled()
        assert (world.held(), world.at_broker()) == (100, 100), point
        assert all(not one.state.is_live for one in world.orders()), point
        reasons = {one.reason for one in world.orders() if one.state is OrderState.REJECTED}
        assert reasons <= {"NEVER_ARRIVED"}, point


def test_processes_that_send_at_the_same_time_send_each_order_once(world: World) -> None:
    entries = [world.decide(planned(OrderRole.ENTRY, 10))[0] for _ in range(20)]
    command = [
        sys.executable,
        "-m",
        "fund_pipeline_tests.execution.killed_child",
        world.url,
        str(world.home),
        NOON.isoformat(),
    ]
    others = [subprocess.Popen([*command, "never", "1"]) for _ in range(2)]
    assert [one.wait() for one in others] == [0, 0]
    world.send()
    world.follow()
    assert world.at_broker() == 200
    assert {world.state(one) for one in entries} == {OrderState.FILLED}
    assert all(world.path(one).count("SUBMITTED") == 1 for one in entries)
