"""Exits, stops and targets: they close what is held, once, whatever happens to them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fund_pipeline.cerebro.sizing.model import Action, ActionKind, PlannedOrder
from fund_pipeline.execution import sending
from fund_pipeline.execution.brokers.paper import Commission, FaultKind, PaperTerms
from fund_pipeline.execution.brokers.paper.terms import COMMISSIONS
from fund_pipeline.execution.port import OrderRequest, RefusalCode
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.ledger.standings import Standing, stand
from fund_pipeline.terms import AssetClass, OrderRole, OrderType, Side
from fund_pipeline_tests.execution.world import FREE, NONE, World, planned


def limit(price: int, quantity: int = 100) -> PlannedOrder:
    return planned(OrderRole.ENTRY, quantity, order_type=OrderType.LIMIT, limit_price=Decimal(price))


def stop(price: int = 45, quantity: int = 100) -> PlannedOrder:
    return planned(OrderRole.STOP, quantity, order_type=OrderType.STOP, stop_price=Decimal(price))


def target(price: int = 60, quantity: int = 100) -> PlannedOrder:
    return planned(OrderRole.TARGET, quantity, order_type=OrderType.LIMIT, limit_price=Decimal(price))


def cancel_first(entry: str) -> tuple[Action, ...]:
    return (Action(kind=ActionKind.CANCEL_ENTRY_FIRST, client_order_id=entry, leg=0, account_id="a1"),)


def test_an_exit_closes_the_position_and_its_profit_is_exact(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    world.quote(53)
    world.run(planned(OrderRole.EXIT, 100))
    position = world.position()
    assert position is not None
    assert (position.quantity, position.realised_pnl, position.opened_by) == (0, 300, None)
    world.check_settled()


def test_an_exit_that_fails_is_tried_again_after_growing_pauses_and_a_person_hears_of_it(either_world: World) -> None:
    world = either_world
    world.run(planned(OrderRole.ENTRY, 100))
    for _ in range(3):
        world.fault("submit", FaultKind.REJECT, code=RefusalCode.OTHER)
    world.run(planned(OrderRole.EXIT, 100))
    alert = world.alerts()["EXIT_FAILED"]
    assert (alert.trouble.severity, alert.raised) == (Severity.CRITICAL, 1)
    pauses = []
    for _ in range(12):
        world.wait(0.5)
        world.follow()
        pauses.append(len(world.orders(OrderRole.EXIT)))
    assert pauses == [1 + 1, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]  # 1 s, then 2 s, then 4 s
    world.wait(4)
    world.follow()
    world.follow()
    assert (world.held(), world.at_broker()) == (0, 0)
    assert [one.attempt for one in world.orders(OrderRole.EXIT)] == [1, 2, 3, 4]
    assert world.alerts()["EXIT_FAILED"].raised == 3


def test_an_exit_of_which_the_broker_is_away_goes_when_it_is_back(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    world.fault("positions", FaultKind.AWAY)
    [late] = world.decide(planned(OrderRole.EXIT, 100))
    world.send()
    assert (world.state(late), world.alerts()["BROKER_AWAY"].trouble.severity) == (OrderState.INTENT, "CRITICAL")
    world.send()
    world.follow()
    assert world.held() == 0


def test_two_exits_of_one_position_never_close_more_than_is_held(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    first = world.decide(planned(OrderRole.EXIT, 70))[0]
    world.wait(1)
    second = world.decide(planned(OrderRole.EXIT, 70))[0]
    world.send()
    world.follow()
    assert (world.order(first).quantity, world.order(second).quantity) == (70, 30)
    assert (world.held(), world.at_broker()) == (0, 0)


def test_an_exit_of_nothing_is_never_sent(world: World) -> None:
    [alone] = world.run(planned(OrderRole.EXIT, 100))
    assert (world.state(alone), world.order(alone).reason) == (OrderState.CANCELLED, "NOTHING_TO_CLOSE")
    assert world.broker.find(alone) is None


def test_an_exit_never_sells_what_the_broker_does_not_hold(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    request = _by_hand(world, 60)
    world.broker.trade_by_hand(request, Decimal(50))
    world.fault("executions", FaultKind.AWAY)
    [late] = world.decide(planned(OrderRole.EXIT, 100))
    world.send()
    assert world.order(late).quantity == 40
    assert "BROKER_HOLDS_LESS" in world.alerts()
    world.settle(passes=2)
    assert world.at_broker() == 0


def test_another_strategys_opposite_position_does_not_hold_an_exit_back(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    world.run(planned(OrderRole.ENTRY, 60, side=Side.SELL), strategy="T")
    assert world.at_broker() == 40
    [late] = world.run(planned(OrderRole.EXIT, 100))
    assert (world.state(late), world.held(), world.held("T")) == (OrderState.FILLED, 0, -60)


def test_a_working_entry_is_cancelled_before_its_exit_which_closes_what_it_filled(world: World) -> None:
    world.quote(50, ask_size=Decimal(30))
    [entry] = world.run(limit(50))
    assert (world.state(entry), world.held()) == (OrderState.PARTIALLY_FILLED, 30)
    [late] = world.decide(planned(OrderRole.EXIT, 30), actions=cancel_first(entry))
    world.quote(50, ask_size=Decimal(20))  # it fills while the cancel is on its way
    world.follow()
    world.follow()
    world.follow()
    assert (world.state(entry), world.order(entry).filled_quantity) == (OrderState.CANCELLED, 50)
    assert (world.state(late), world.order(late).quantity) == (OrderState.FILLED, 50)
    assert (world.held(), world.at_broker()) == (0, 0)


def test_an_exit_of_a_half_closes_half_of_what_is_held_once_the_entry_is_dead(world: World) -> None:
    world.quote(50, ask_size=Decimal(30))
    [entry] = world.run(limit(50))
    named = {"signal_id": "signal-1", "order_leg": 0, "account_id": "a1", "role": OrderRole.ENTRY}
    known = {"fraction": Decimal("0.5"), "filled": Decimal(30), "known": Decimal(15)}
    half = Action(kind=ActionKind.CANCEL_ENTRY_FIRST, leg=0, ends=False, **named, **known)  # type: ignore[arg-type]
    [late] = world.decide(planned(OrderRole.EXIT, 15), actions=(half,))
    world.quote(50, ask_size=Decimal(21))
    world.settle(passes=3)
    assert (world.state(entry), world.order(entry).filled_quantity) == (OrderState.CANCELLED, 51)
    assert (world.state(late), world.order(late).quantity, world.held()) == (OrderState.FILLED, 25, 26)


def test_an_entry_that_fills_although_it_was_to_be_cancelled_is_closed(world: World) -> None:
    [entry] = world.run(limit(40))
    world.decide(actions=cancel_first(entry))
    world.quote(40)
    world.settle(passes=3)
    assert world.state(entry) is OrderState.FILLED
    assert (world.held(), world.at_broker()) == (0, 0)


def test_an_unfilled_entry_that_is_cancelled_for_its_exit_leaves_nothing(world: World) -> None:
    [entry] = world.run(limit(40))
    [late] = world.decide(actions=cancel_first(entry))
    world.settle(passes=2)
    assert (world.state(entry), world.state(late)) == (OrderState.CANCELLED, OrderState.CANCELLED)
    assert world.broker.find(late) is None


def test_a_stop_waits_for_its_entry_and_covers_what_filled(world: World) -> None:
    world.quote(50, ask_size=Decimal(30))
    entry, protection = world.decide(limit(50), stop())
    world.send()
    assert world.state(protection) is OrderState.INTENT
    world.follow()
    assert (world.state(protection), world.order(protection).quantity) == (OrderState.ACKNOWLEDGED, 30)
    world.quote(50, ask_size=Decimal(50))
    world.follow()
    assert world.order(protection).quantity == 80
    assert world.path(protection) == ["SUBMITTED", "ACKNOWLEDGED", "PENDING_REPLACE", "ACKNOWLEDGED"]
    found = world.broker.find(protection)
    assert found is not None
    assert (found.quantity, world.state(entry)) == (80, OrderState.PARTIALLY_FILLED)


def test_a_stop_of_an_entry_that_never_fills_is_never_sent(world: World) -> None:
    entry, protection = world.run(limit(40), stop())
    world.decide(actions=(Action(kind=ActionKind.CANCEL, client_order_id=entry),))
    world.settle(passes=2)
    assert (world.state(protection), world.order(protection).reason) == (OrderState.CANCELLED, "ENTRY_NOT_FILLED")
    assert world.broker.find(protection) is None


@pytest.mark.parametrize("has_oca", [True, False])
def test_what_the_target_fills_the_stop_does_not(world: World, has_oca: bool) -> None:
    _reopen(world, PaperTerms(spread_bps=NONE, commissions=FREE, has_oca=has_oca))
    _, protection, profit = world.run(planned(OrderRole.ENTRY, 100), stop(), target())
    world.follow()
    world.quote(61, bid_size=Decimal(40))
    world.settle(passes=2)
    assert (world.order(profit).filled_quantity, world.order(protection).quantity) == (40, 60)
    world.quote(61)
    world.settle(passes=2)
    assert (world.state(profit), world.state(protection)) == (OrderState.FILLED, OrderState.CANCELLED)
    world.quote(30)
    world.settle(passes=1)
    assert (world.held(), world.at_broker()) == (0, 0)
    world.check_settled()


def test_an_exit_cancels_the_stop_and_target_before_it_goes(world: World) -> None:
    _, protection, profit = world.run(planned(OrderRole.ENTRY, 100), stop(), target())
    world.follow()
    [late] = world.decide(planned(OrderRole.EXIT, 100))
    world.send()
    assert {world.state(protection), world.state(profit)} == {OrderState.CANCELLED}
    world.follow()
    assert (world.state(late), world.held(), world.at_broker()) == (OrderState.FILLED, 0, 0)
    closed = [world.order(one).closed_at for one in (protection, profit)]
    assert all(one is not None and one <= (world.order(late).submitted_at or one) for one in closed)


def test_an_exit_waits_while_the_stop_cannot_be_cancelled(world: World) -> None:
    _, protection = world.run(planned(OrderRole.ENTRY, 100), stop())
    world.follow()
    world.fault("cancel", FaultKind.AWAY)
    [late] = world.decide(planned(OrderRole.EXIT, 100))
    world.send()
    assert (world.state(protection), world.state(late)) == (OrderState.PENDING_CANCEL, OrderState.INTENT)
    world.settle(passes=2)
    assert (world.state(late), world.at_broker()) == (OrderState.FILLED, 0)


def test_a_stop_that_fills_first_leaves_the_exit_nothing(world: World) -> None:
    _, protection = world.run(planned(OrderRole.ENTRY, 100), stop())
    world.follow()
    [late] = world.decide(planned(OrderRole.EXIT, 100))
    world.quote(44)
    world.settle(passes=2)
    assert (world.state(protection), world.state(late)) == (OrderState.FILLED, OrderState.CANCELLED)
    assert (world.held(), world.at_broker()) == (0, 0)


def test_a_scale_out_cuts_the_stop_to_what_stays(world: World) -> None:
    _, protection = world.run(planned(OrderRole.ENTRY, 100), stop())
    world.follow()
    world.run(planned(OrderRole.EXIT, 40))
    world.follow()
    assert (world.held(), world.order(protection).quantity) == (60, 60)
    world.quote(44)
    world.follow()
    assert (world.held(), world.at_broker()) == (0, 0)


def test_a_stop_that_the_broker_does_not_change_is_replaced(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100), stop())
    world.follow()
    world.fault("modify", FaultKind.REJECT)
    world.run(planned(OrderRole.EXIT, 40))
    world.settle(passes=3)
    first, second = world.orders(OrderRole.STOP)
    assert (first.state, first.reason) == (OrderState.CANCELLED, "REPLACE_REFUSED")
    assert (second.state, second.quantity, world.held()) == (OrderState.ACKNOWLEDGED, 60, 60)


def test_a_stop_that_the_broker_rejects_is_sent_again_and_told(world: World) -> None:
    world.decide(planned(OrderRole.ENTRY, 100), stop())
    world.send()
    world.fault("submit", FaultKind.REJECT)
    world.settle(passes=3)
    assert [one.state for one in world.orders(OrderRole.STOP)] == [OrderState.REJECTED, OrderState.ACKNOWLEDGED]
    assert world.alerts()["STOP_FAILED"].trouble.severity is Severity.CRITICAL


def test_the_stop_of_a_short_buys_it_back(world: World) -> None:
    short_stop = planned(OrderRole.STOP, 100, side=Side.BUY, order_type=OrderType.STOP, stop_price=Decimal(55))
    world.run(planned(OrderRole.ENTRY, 100, side=Side.SELL), short_stop)
    world.follow()
    world.quote(56)
    world.follow()
    position = world.position()
    assert position is not None
    assert (position.quantity, position.realised_pnl) == (0, -600)


def test_a_futures_short_is_flat_in_the_end_and_its_profit_to_the_cent_after_commission(world: World) -> None:
    fees = {**COMMISSIONS, AssetClass.FUTURE: Commission(per_unit=Decimal("2.25"))}
    _reopen(world, PaperTerms(spread_bps=NONE, commissions=fees))
    gold = {"instrument_key": "FUTURE:GC:COMEX:20260428", "asset_class": AssetClass.FUTURE, "multiplier": Decimal(100)}
    world.quote("2650.10", gold["instrument_key"])  # type: ignore[arg-type]
    world.run(planned(OrderRole.ENTRY, 3, side=Side.SELL, **gold))
    world.quote("2641.30", gold["instrument_key"])  # type: ignore[arg-type]
    world.run(planned(OrderRole.EXIT, 3, side=Side.BUY, **gold))
    position = world.position(key=str(gold["instrument_key"]))
    assert position is not None
    assert (position.quantity, position.realised_pnl, position.commission) == (0, Decimal("2626.50"), Decimal("13.50"))
    assert world.broker.account_state().equity == Decimal("1002626.50")


def _reopen(world: World, terms: PaperTerms) -> None:
    """The same world with a paper account on other terms."""
    world.broker.close()
    (world.home / "paper" / "DU1.sqlite").unlink()
    world.ledger.close()
    world.terms = terms
    world._start()
    world.quote(50)


def _by_hand(world: World, quantity: int) -> OrderRequest:
    request = OrderRequest.of(world.orders(OrderRole.ENTRY)[0])
    return replace(request, client_order_id="by-hand", side=Side.SELL, quantity=Decimal(quantity))


def test_a_stop_is_not_asked_about_before_its_entry_has_filled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hundreds of entries with stops, each pass would ask broker and ledger about each."""
    asked: list[str] = []

    def noted(ledger: Ledger, client_order_id: str) -> Standing:
        asked.append(client_order_id)
        return stand(ledger, client_order_id)

    monkeypatch.setattr(sending, "stand", noted)
    world.decide(planned(OrderRole.ENTRY, 100), stop(45, 100))
    world.send()
    world.send()
    assert asked == []
    world.quote(50)
    world.follow()
    world.follow()
    (sent,) = world.orders(OrderRole.STOP)
    assert (sent.state, set(asked)) == (OrderState.ACKNOWLEDGED, {sent.client_order_id})
