"""Fills are booked and orders end after an account's broker was asked, and before our books are read."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from fund_pipeline.execution.brokers.paper import PaperBroker
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.breaks import list_breaks
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.ledger.order_wishes import wish_cancelled
from fund_pipeline.terms import OrderRole
from fund_pipeline_tests.accounts.reconciliation.injection import Desk
from fund_pipeline_tests.execution.world import World, planned

KEY = "STOCK:AAPL"


class Overtaken(PaperBroker):
    """The paper broker; after an answer of it, something happens before anybody goes on."""

    after: str = "positions"
    skipping: int = 0
    then: Callable[[], object] | None = None

    def _told(self, call: str, answer):
        if call == self.after and self.then is not None:
            Overtaken.skipping -= 1
            if Overtaken.skipping < 0:
                then, Overtaken.then = Overtaken.then, None
                then()
        return answer

    def executions(self, since):
        return self._told("executions", tuple(super().executions(since)))

    def open_orders(self):
        return self._told("open_orders", super().open_orders())

    def positions(self):
        return self._told("positions", super().positions())


@pytest.fixture
def desk(new_world: Callable[[], World]) -> Desk:
    return Desk(new_world(), random.Random(1))


def overtake(desk: Desk, after: str, then: Callable[[], object], skipping: int = 0) -> None:
    desk.world.broker.__class__ = Overtaken
    Overtaken.after, Overtaken.then, Overtaken.skipping = after, staticmethod(then), skipping


LAST = ("executions", 1)
"""The last question of a pass: the second time it asks for executions."""


@pytest.mark.parametrize(("after", "skipping"), [("executions", 0), ("open_orders", 0), ("positions", 0), LAST])
@pytest.mark.parametrize("role", [OrderRole.ENTRY, OrderRole.EXIT])
def test_a_fill_that_is_booked_meanwhile_is_no_break(desk: Desk, after: str, skipping: int, role: OrderRole) -> None:
    before = desk.world.position(key=KEY)
    overtake(desk, after, lambda: desk.world.run(planned(role, 10, instrument_key=KEY)), skipping)
    passed = desk.reconcile()
    assert Overtaken.then is None, "it was not overtaken"
    assert desk.world.position(key=KEY) != before
    assert (passed.last.standing, passed.last.findings) == ((), ())
    assert list_breaks(desk.world.ledger) == ()
    assert desk.reconcile().last.standing == ()


@pytest.mark.parametrize(("after", "skipping"), [("open_orders", 0), LAST])
def test_an_order_that_is_cancelled_meanwhile_is_no_break(desk: Desk, after: str, skipping: int) -> None:
    world = desk.world
    desk.prepare(KEY)
    name = desk.works(KEY)

    def cancel() -> None:
        world.wait(1)
        wish_cancelled(world.ledger, name, "", Act("person", world.time, "corr"))
        world.follow()

    overtake(desk, after, cancel, skipping)
    passed = desk.reconcile()
    assert world.state(name) is OrderState.CANCELLED
    assert (passed.last.standing, passed.last.findings) == ((), ())
    assert list_breaks(world.ledger) == ()


def test_a_break_is_found_beside_what_is_booked_meanwhile(desk: Desk) -> None:
    lost = desk.fill_of("STOCK:KO").execution_id
    desk.world.broker.remove_fill(lost)
    overtake(desk, LAST[0], lambda: desk.world.run(planned(OrderRole.ENTRY, 10, instrument_key=KEY)), LAST[1])
    desk.reconcile()
    assert {one.found.subject for one in list_breaks(desk.world.ledger)} == {lost, "STOCK:KO", "USD"}
