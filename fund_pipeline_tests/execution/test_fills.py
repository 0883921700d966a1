"""Fills are facts: booked once, whatever our order's state says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from fund_pipeline.cerebro.sizing.model import Action, ActionKind
from fund_pipeline.execution import fills
from fund_pipeline.execution.brokers.paper import FILL, FaultKind, PaperBroker, book
from fund_pipeline.execution.port import BrokerExecution, OrderRequest
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.order_model import UNATTRIBUTED, OrderState
from fund_pipeline.terms import OrderRole, OrderType
from fund_pipeline_tests.execution.world import World, planned


def working(world: World, quantity: int = 100) -> str:
    return world.run(planned(OrderRole.ENTRY, quantity, order_type=OrderType.LIMIT, limit_price=Decimal(40)))[0]


def test_a_fill_told_twice_is_booked_once(either_world: World) -> None:
    world = either_world
    world.fault("executions", FaultKind.TWICE)
    world.run(planned(OrderRole.ENTRY, 100))
    world.fault("executions", FaultKind.TWICE)
    world.follow()
    assert (world.held(), len(list_executions(world.ledger)), dict(world.alerts())) == (100, 1, {})
    world.check_settled()


def test_a_fill_before_the_acknowledgement_is_booked(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault("submit", FaultKind.LOST_ANSWER)
    world.send()
    world.follow()
    assert world.path(entry) == ["SUBMITTED", "UNKNOWN", "FILLED"]
    assert (world.order(entry).average_price, world.order(entry).acknowledged_at) == (50, world.time)


def test_a_fill_that_overtakes_the_answer_leaves_nothing_unknown(world: World) -> None:
    class Overtaken(PaperBroker):
        def submit(self, request):
            said = super().submit(request)
            world.follow()  # as another process does
            return said

    world.broker.__class__ = Overtaken
    [entry] = world.run(planned(OrderRole.ENTRY, 100))
    assert world.path(entry) == ["SUBMITTED", "FILLED"]
    assert (world.order(entry).broker_order_id, world.order(entry).acknowledged_at) == ("P1", world.time)
    world.check_settled()


def test_a_fill_after_the_cancel_is_booked(world: World) -> None:
    entry = working(world)
    world.decide(actions=(Action(kind=ActionKind.CANCEL, client_order_id=entry),))
    world.follow()
    world.broker.fill_anyway(entry, Decimal(30), Decimal(40))
    world.follow()
    assert (world.state(entry), world.order(entry).filled_quantity, world.held()) == (OrderState.CANCELLED, 30, 30)
    world.broker.fill_anyway(entry, Decimal(70), Decimal(40))
    world.follow()
    assert (world.state(entry), world.held()) == (OrderState.FILLED, 100)
    world.check_settled()


def test_an_overfill_is_booked_and_pages(world: World) -> None:
    world.fault(FILL, FaultKind.OVERFILL, quantity=Decimal(5))
    [entry] = world.run(planned(OrderRole.ENTRY, 100))
    assert (world.state(entry), world.held(), world.at_broker()) == (OrderState.FILLED, 105, 105)
    assert world.alerts()["OVERFILL"].trouble.severity is Severity.CRITICAL


def test_an_overfilled_exit_says_that_it_crossed_zero(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    world.fault(FILL, FaultKind.OVERFILL, quantity=Decimal(5))
    world.run(planned(OrderRole.EXIT, 100))
    assert (world.held(), "EXIT_CROSSED_ZERO" in world.alerts()) == (-5, True)


def test_a_fill_of_an_unknown_order_is_booked_apart_and_pages(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    request = replace(OrderRequest.of(world.orders()[0]), quantity=Decimal(7))
    world.broker.trade_by_hand(request, Decimal(51), reference="somebody-else")
    world.follow()
    assert (world.held(), world.held(UNATTRIBUTED), world.at_broker()) == (100, 7, 107)
    alert = world.alerts()["FILL_OF_UNKNOWN_ORDER"].trouble
    assert (alert.severity, "somebody-else" in alert.message) == (Severity.CRITICAL, True)
    world.check_settled()


def test_an_order_is_not_ended_before_its_fills_are_told(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault(FILL, FaultKind.HIDDEN, seconds=300)
    world.send()
    world.follow()
    assert (world.state(entry), world.held()) == (OrderState.ACKNOWLEDGED, 0)
    world.wait(200)
    world.follow()
    assert "ORDER_UNKNOWN" in world.alerts()
    world.wait(100)
    world.follow()
    assert (world.state(entry), world.held()) == (OrderState.FILLED, 100)


def test_partial_fills_add_up_to_their_average(world: World) -> None:
    world.quote(50, ask_size=Decimal(40))
    [entry] = world.run(planned(OrderRole.ENTRY, 100))
    assert (world.state(entry), world.held()) == (OrderState.PARTIALLY_FILLED, 40)
    world.quote(51)
    world.follow()
    assert (world.state(entry), world.order(entry).average_price) == (OrderState.FILLED, Decimal("50.6"))


def test_a_fill_told_again_with_another_price_stays_as_it_was_and_pages(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))

    class Changed(type(world.broker)):  # type: ignore[misc]
        def executions(self, since: object) -> tuple[BrokerExecution, ...]:
            return tuple(replace(one, price=Decimal(49)) for one in super().executions(since))

    changed = Changed(world.home / "paper" / "DU1.sqlite", world.now)
    world.brokers = {"a1": changed}
    world.follow()
    changed.close()
    assert [one.price for one in list_executions(world.ledger)] == [50]
    assert world.alerts()["EXECUTION_CHANGED"].trouble.severity is Severity.CRITICAL


def test_a_broker_that_goes_silent_while_it_tells_of_fills_is_asked_for_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "PAGE", 2)
    monkeypatch.setattr(fills, "CHUNK", 2)
    for _ in range(5):
        world.decide(planned(OrderRole.ENTRY, 100))
        world.wait(1)
    world.send()
    world.fall_silent("executions", after=1)
    assert (world.follow().away, len(list_executions(world.ledger))) == (("a1",), 2)
    assert (world.follow().away, len(list_executions(world.ledger)), world.held()) == ((), 5, 500)
    world.check_settled()


@pytest.mark.parametrize("glance", [False, True])
def test_a_broker_whose_clock_is_behind_is_still_asked_for_all_fills(world: World, glance: bool) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    world.time = world.time.replace(minute=world.time.minute + 1)
    entry = working(world)
    world.wait(-1800)  # the broker's clock jumps back half an hour
    world.broker.fill_anyway(entry, Decimal(100), Decimal(40))
    world.wait(1800)
    world.follow(glance=glance)
    assert world.held() == 200


def test_what_a_glance_does_not_see_of_an_order_that_has_ended_a_whole_look_does(world: World) -> None:
    entry = working(world)
    world.broker.cancel(entry)
    world.follow()
    world.wait(60)
    world.run(planned(OrderRole.ENTRY, 100))
    world.wait(-1800)
    world.broker.fill_anyway(entry, Decimal(30), Decimal(40))
    world.wait(1800)
    asked: list[datetime] = []

    class Asked(PaperBroker):
        def executions(self, since: datetime) -> tuple[BrokerExecution, ...]:
            asked.append(since)
            return tuple(super().executions(since))

    broker = Asked(world.home / "paper" / "DU1.sqlite", world.now)
    world.brokers = {"a1": broker}
    world.follow(glance=True)
    assert world.held() == 100
    world.follow()
    assert world.held() == 130
    broker.close()
    assert asked[0] - asked[1] == timedelta(minutes=59)
