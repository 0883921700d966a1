"""Many entries at once: claimed, sent and recorded a few at a time, each sent once whatever happens between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fund_pipeline.execution import Patience, submit_intents
from fund_pipeline.execution.brokers.paper import FaultKind, PaperBroker
from fund_pipeline.execution.pace import MOST, Pace
from fund_pipeline.execution.port import Quote, RefusalCode, Rejected
from fund_pipeline.ledger.account_model import EVERYWHERE, Severity
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.halts import set_halt
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.ledger.order_wishes import wish_cancelled
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.terms import HaltState, OrderRole
from fund_pipeline_tests.execution.world import ACCOUNT, KO, NOON, World, planned
from fund_pipeline_tests.samples import ACT, strategy

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


def test_a_halt_stops_what_is_claimed_and_not_sent(world: World) -> None:
    ids = entries(world, 40)

    def halt() -> None:
        set_halt(world.ledger, EVERYWHERE, HaltState.ACTIVE, HaltState.HALTED, "stop", ACT)
        world.wait(0.2)

    send_through(world, Meddled(world, 20, halt))
    assert sum(world.broker.find(one) is not None for one in ids) == 20
    world.settle(passes=2, seconds=2)
    assert {one.reason for one in world.orders() if one.attempt == 2} == {"HALTED"}
    assert world.at_broker() == 200
    assert all(not one.state.is_live for one in world.orders())


def test_a_wish_to_cancel_stops_what_is_claimed_and_not_sent(world: World) -> None:
    ids = sorted(entries(world, 20))  # as they are sent, all being of one age

    def wish() -> None:
        for one in ids[12:]:
            wish_cancelled(world.ledger, one, "by hand", ACT)
        world.wait(0.2)

    send_through(world, Meddled(world, 9, wish))
    assert {world.state(one) for one in ids[12:]} == {OrderState.CANCELLED}
    world.follow()
    check_each_sent_once(world, ids[:12])


def test_a_fault_at_one_order_leaves_its_neighbours_answers_and_the_rest_is_sent(world: World) -> None:
    ids = entries(world, 40)

    def fail() -> None:
        raise LookupError("no such contract")

    send_through(world, Meddled(world, 25, fail))
    assert Counter(world.state(one).value for one in ids) == {"ACKNOWLEDGED": 39, "UNKNOWN": 1}
    assert world.alerts()["ORDER_NOT_FOLLOWED"].trouble.severity is Severity.CRITICAL
    world.follow()
    check_each_sent_once(world, ids)


def test_an_answer_that_cannot_be_kept_costs_no_other_its_own(either_world: World) -> None:
    world = either_world
    ids = entries(world, 20)

    class Garbled(PaperBroker):
        given = 0

        def submit(self, request: Any) -> Any:
            answer = super().submit(request)
            Garbled.given += 1
            return Rejected(RefusalCode.OTHER, "no \udce4") if Garbled.given == 10 else answer

    send_through(world, Garbled(world.home / "paper" / "DU1.sqlite", world.now))
    assert Counter(world.state(one).value for one in ids) == {"ACKNOWLEDGED": 19, "SUBMITTED": 1}
    assert "ORDER_NOT_FOLLOWED" in world.alerts()
    world.follow()
    check_each_sent_once(world, ids)


def test_a_slow_account_costs_another_none_that_it_had_claimed(world: World) -> None:
    insert_account(world.ledger, replace(ACCOUNT, account_id="a2", broker_account="DU2"), ACT)
    put_strategy(world.ledger, strategy("S", accounts=("a1", "a2")), ACT)
    other = PaperBroker(world.home / "paper" / "DU2.sqlite", world.now, world.terms)
    other.set_quote(KO, Quote(Decimal(50), Decimal(50), Decimal(50), world.time))
    made = [
        world.decide(planned(OrderRole.ENTRY, 10, account_id=account))[0] for _ in range(30) for account in ("a1", "a2")
    ]
    hanging: list[Meddled] = []

    def hang() -> None:
        world.wait(11)
        hanging[0].left = 1

    hanging.append(Meddled(world, 10, hang))
    submit_intents(world.ledger, {"a1": hanging[0], "a2": other}, world.now, patience=world.patience)
    assert {world.state(one) for one in made[1::2]} == {OrderState.ACKNOWLEDGED}
    hanging[0].close()
    other.close()


def test_the_number_claimed_at_once_grows_at_a_quick_broker_and_falls_at_a_slow_one() -> None:
    pace, sizes = Pace(Patience()), []
    for seconds in [0, 0, 0, 0, 0, 10, 10, 10, 0.5]:
        sizes.append(pace.size)
        pace.took(timedelta(seconds=seconds))
    assert sizes == [1, 4, 16, 64, MOST, MOST, MOST // 4, MOST // 16, 1]
    assert pace.size == 4


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
