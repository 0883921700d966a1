"""A ladder's rungs: what closes one of them leaves the others alone, whatever works, fills late or is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fund_pipeline.cerebro.sizing.model import Action, ActionKind, PlannedOrder
from fund_pipeline.execution import fills
from fund_pipeline.execution.brokers.paper import FaultKind, book
from fund_pipeline.execution.desk import Desk
from fund_pipeline.execution.fills import book_fills
from fund_pipeline.execution.port import OrderRequest
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.lots import Lot
from fund_pipeline.terms import OrderRole, OrderType, Side
from fund_pipeline_tests.execution.world import World, planned

FIRST, SECOND, THIRD = "signal-1", "signal-2", "signal-3"


def limit(price: int, quantity: int = 100) -> PlannedOrder:
    return planned(OrderRole.ENTRY, quantity, order_type=OrderType.LIMIT, limit_price=Decimal(price))


def stop(price: int, quantity: int = 100) -> PlannedOrder:
    return planned(OrderRole.STOP, quantity, order_type=OrderType.STOP, stop_price=Decimal(price))


def exit_of(entry: str, quantity: int) -> PlannedOrder:
    return planned(OrderRole.EXIT, quantity, closes_entry=entry, closes_others=False)


def cancel_first(entry: str, filled: int, known: int, fraction: str = "1") -> tuple[Action, ...]:
    known_of = {"filled": Decimal(filled), "known": Decimal(known), "fraction": Decimal(fraction)}
    kind = ActionKind.CANCEL_ENTRY_FIRST
    return (Action(kind=kind, client_order_id=entry, leg=0, account_id="a1", ends=False, **known_of),)  # type: ignore[arg-type]


def lots(world: World) -> tuple[Lot, ...]:
    position = world.position()
    return () if position is None else position.lots


def test_an_exit_of_a_rung_that_still_fills_closes_that_rung_alone(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    world.quote(50, ask_size=Decimal(30))
    [entry] = world.run(limit(50))
    [late] = world.decide(exit_of(SECOND, 30), actions=cancel_first(entry, 30, 30))
    world.quote(50, ask_size=Decimal(20))  # it fills while the cancel is on its way
    world.settle(passes=3)
    assert (world.state(late), world.order(late).filled_quantity) == (OrderState.FILLED, 50)
    assert (world.held(), lots(world)) == (100, (Lot(FIRST, 0, Decimal(100)),))
    world.check_settled()


def test_an_exit_of_a_rung_of_which_nothing_was_filled_yet_closes_what_fills(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    [entry] = world.run(limit(40, 60))
    [late] = world.decide(actions=cancel_first(entry, 0, 0, "0.5"))
    world.quote(40)
    world.settle(passes=3)
    assert (world.state(late), world.order(late).filled_quantity) == (OrderState.FILLED, 30)
    assert lots(world) == (Lot(FIRST, 0, Decimal(100)), Lot(SECOND, 0, Decimal(30)))


def test_the_stop_of_a_rung_that_was_exited_never_sells_another(world: World) -> None:
    _, protection = world.run(planned(OrderRole.ENTRY, 100), stop(45))
    world.run(planned(OrderRole.ENTRY, 100))
    world.run(exit_of(FIRST, 100))
    world.settle(passes=3)
    assert (world.state(protection), world.held()) == (OrderState.CANCELLED, 100)
    world.quote(30)
    world.settle(passes=2)
    assert (world.held(), lots(world)) == (100, (Lot(SECOND, 0, Decimal(100)),))


def test_what_a_rungs_own_stop_has_closed_its_exit_does_not_take_from_another(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100), stop(45))
    world.run(planned(OrderRole.ENTRY, 100))
    world.follow()
    [late] = world.decide(exit_of(FIRST, 100))
    world.quote(44)  # the stop fills before the exit is sent
    world.settle(passes=3)
    assert (world.state(late), world.order(late).reason) == (OrderState.CANCELLED, "NOTHING_TO_CLOSE")
    assert lots(world) == (Lot(SECOND, 0, Decimal(100)),)


def test_an_exit_does_not_wait_for_ever_behind_an_entry_of_which_nobody_knows(world: World) -> None:
    world.quote(50, ask_size=Decimal(30))
    [entry] = world.run(limit(50))
    world.look(lambda db: db.execute("DELETE FROM orders WHERE client_order_id = ?", (entry,)))
    [late] = world.decide(exit_of(FIRST, 30), actions=cancel_first(entry, 30, 30))
    world.settle(passes=2)
    assert (world.state(entry), world.state(late)) == (OrderState.UNKNOWN, OrderState.INTENT)
    world.settle(passes=3)
    assert (world.state(entry), world.state(late), world.held()) == (OrderState.UNKNOWN, OrderState.FILLED, 0)
    assert "ORDER_UNKNOWN" in world.alerts()


def test_what_an_entry_fills_after_its_exit_has_gone_the_next_attempt_closes(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    [entry] = world.run(limit(40))
    [late] = world.decide(actions=cancel_first(entry, 0, 0))
    world.settle(passes=3)
    assert (world.state(entry), world.state(late)) == (OrderState.CANCELLED, OrderState.CANCELLED)
    world.broker.fill_anyway(entry, Decimal(25), Decimal(40))
    world.settle(passes=4)
    assert "FILLED_LATE" in world.alerts()
    assert (lots(world), world.at_broker()) == ((Lot(FIRST, 0, Decimal(100)),), 100)
    assert [(one.attempt, one.filled_quantity) for one in world.orders(OrderRole.EXIT)] == [(1, 0), (2, 25)]
    world.check_settled()


def test_what_an_entry_filled_late_is_closed_though_who_booked_it_died_at_once(world: World) -> None:
    [entry] = world.run(limit(40))
    world.decide(actions=cancel_first(entry, 0, 0))
    world.settle(passes=3)
    world.broker.fill_anyway(entry, Decimal(25), Decimal(40))
    dead = Desk(world.ledger, world.brokers, world.now, world.patience, "dead")
    assert sum(len(page.booked) for page in book_fills(dead, "a1", timedelta(hours=1))) == 1
    assert world.held() == 25
    world.settle(passes=4)
    assert (world.held(), world.at_broker()) == (0, 0)
    world.check_settled()


def test_what_an_entry_filled_late_is_closed_though_its_broker_fell_silent_after_telling_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "PAGE", 2)
    monkeypatch.setattr(fills, "CHUNK", 2)
    world.patience = replace(world.patience, overlap=timedelta(0))  # so that it is not told of again
    [entry] = world.run(limit(40))
    world.decide(actions=cancel_first(entry, 0, 0))
    world.settle(passes=3)
    world.broker.fill_anyway(entry, Decimal(25), Decimal(40))
    for _ in range(2):
        world.wait(1)
        world.decide(planned(OrderRole.ENTRY, 10))
        world.send()
    world.fall_silent("executions", after=1)
    followed = world.follow()
    assert (followed.away, len(followed.booked)) == (("a1",), 2)
    world.settle(passes=4)
    assert (world.held(), world.at_broker()) == (20, 20)
    world.check_settled()


def test_an_entry_that_fills_after_it_was_cancelled_without_an_exit_is_told(world: World) -> None:
    [entry] = world.run(limit(40))
    world.decide(actions=(Action(kind=ActionKind.CANCEL, client_order_id=entry),))
    world.settle(passes=2)
    world.broker.fill_anyway(entry, Decimal(25), Decimal(40))
    world.follow()
    assert "that nobody waits for" in world.alerts()["FILLED_LATE"].trouble.message
    assert world.held() == 25


def test_an_exit_that_was_cut_because_the_broker_was_behind_is_followed_by_the_rest(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    elsewhere = OrderRequest.of(replace(world.orders()[0], side=Side.SELL, quantity=Decimal(40)))
    world.broker.trade_by_hand(elsewhere, Decimal(50))
    world.fault("executions", FaultKind.AWAY)
    [late] = world.decide(planned(OrderRole.EXIT, 100))
    world.send()
    assert (world.order(late).quantity, world.order(late).planned_quantity) == (60, 100)
    world.broker.trade_by_hand(replace(elsewhere, side=Side.BUY), Decimal(50))
    world.settle(passes=4)
    assert [(one.attempt, one.filled_quantity) for one in world.orders(OrderRole.EXIT)] == [(1, 60), (2, 40)]
    assert (world.held(), world.at_broker()) == (0, 0)


def test_an_exit_finds_the_attempt_that_lives_when_the_one_it_saw_was_sent_anew_meanwhile(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault("submit", FaultKind.AWAY)
    world.send()
    world.wait(60)
    world.follow()
    assert world.order(entry).reason == "NEVER_ARRIVED"
    second = world.orders(OrderRole.ENTRY)[-1]
    assert (second.attempt, second.state.is_live) == (2, True)
    [late] = world.decide(actions=cancel_first(entry, 0, 0))
    assert world.order(late).waits_for == (second.client_order_id,)
    world.settle(passes=4)
    assert (world.held(), world.at_broker()) == (0, 0)
