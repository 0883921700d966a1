"""From intent to the broker's answer, and what a missing answer means."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from fund_pipeline.cerebro.sizing.model import Action, ActionKind
from fund_pipeline.errors import InvariantError
from fund_pipeline.execution import record, submit_intents
from fund_pipeline.execution.brokers.paper import FaultKind
from fund_pipeline.execution.port import OrderRequest, RefusalCode
from fund_pipeline.ledger.account_model import AccountStatus, Severity
from fund_pipeline.ledger.accounts import change_account
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.terms import HaltState, OrderRole, OrderType
from fund_pipeline_tests.execution.world import ACCOUNT, NONE, World, add_signal, decision, planned
from fund_pipeline_tests.samples import ACT, strategy


def test_an_entry_goes_from_intent_to_filled_and_is_a_position(either_world: World) -> None:
    world = either_world
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    assert world.state(entry) is OrderState.INTENT
    world.send()
    assert world.state(entry) is OrderState.ACKNOWLEDGED
    world.follow()
    assert world.path(entry) == ["SUBMITTED", "ACKNOWLEDGED", "FILLED"]
    position = world.position()
    assert position is not None
    assert (position.quantity, position.average_price, position.opened_by) == (100, 50, "signal-1")
    world.check_settled()


def test_a_decision_recorded_twice_stands_as_it_was_first(either_world: World) -> None:
    add_signal(either_world.ledger, "again")
    first = record(either_world.ledger, decision("again", planned(OrderRole.ENTRY, 100)), "b1", either_world.time)
    second = record(either_world.ledger, decision("again", planned(OrderRole.ENTRY, 200)), "b2", either_world.time)
    assert (first.is_new, second.is_new) == (True, False)
    assert second.decision == first.decision
    assert [one.quantity for one in second.orders] == [100]
    assert len(list_decisions(either_world.ledger)) == 1


def test_two_who_record_the_same_decision_at_once_record_one(either_world: World) -> None:
    add_signal(either_world.ledger, "both")
    made = decision("both", planned(OrderRole.ENTRY, 100))
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(record, either_world.ledger, made, f"b{n}", either_world.time) for n in range(4)]
    stored = [job.result() for job in jobs]
    assert sorted(one.is_new for one in stored) == [False, False, False, True]
    assert len({one.decision.batch for one in stored}) == 1


def test_a_decision_of_which_one_order_cannot_be_stored_leaves_nothing(world: World) -> None:
    add_signal(world.ledger, "half")
    broken = decision("half", planned(OrderRole.ENTRY, 100), planned(OrderRole.ENTRY, 0, leg=1))
    with pytest.raises(InvariantError, match="an order of 0"):
        record(world.ledger, broken, "b", world.time)
    twice = decision("half", planned(OrderRole.ENTRY, 100), planned(OrderRole.ENTRY, 50))
    with pytest.raises(InvariantError, match="two orders of one leg"):
        record(world.ledger, twice, "b", world.time)
    assert (world.orders(), list_decisions(world.ledger)) == ([], ())


def test_sending_twice_sends_once(world: World) -> None:
    world.decide(planned(OrderRole.ENTRY, 100))
    world.send()
    world.send()
    world.follow()
    assert (world.held(), world.at_broker()) == (100, 100)


def test_two_who_send_the_same_intent_at_once_send_it_once(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))

    class Slow(type(world.broker)):  # type: ignore[misc]
        """Lets another process send in the moment in which this one has looked and not yet claimed."""

        other = world.send
        is_live_asked = False

        @property
        def is_live(self) -> bool:
            if not Slow.is_live_asked:
                Slow.is_live_asked = True
                Slow.other()
            return False

    slow = Slow(world.home / "paper" / "DU1.sqlite", world.now)
    submit_intents(world.ledger, {"a1": slow}, world.now)
    slow.close()
    assert Slow.is_live_asked
    world.follow()
    assert world.path(entry) == ["SUBMITTED", "ACKNOWLEDGED", "FILLED"]
    assert world.at_broker() == 100


def test_an_answer_that_is_lost_leaves_the_order_unknown_until_the_broker_is_asked(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault("submit", FaultKind.LOST_ANSWER)
    world.send()
    assert world.state(entry) is OrderState.UNKNOWN
    world.send()
    assert world.state(entry) is OrderState.UNKNOWN  # never sent again
    world.follow()
    assert world.state(entry) is OrderState.FILLED
    assert world.at_broker() == 100


def test_an_order_that_never_arrived_is_dead_only_when_nothing_can_be_on_its_way(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault("submit", FaultKind.AWAY)
    world.send()
    world.wait(30)
    world.follow()
    assert world.state(entry) is OrderState.UNKNOWN
    world.wait(20)
    world.follow()
    assert (world.state(entry), world.order(entry).reason) == (OrderState.REJECTED, "NEVER_ARRIVED")
    world.wait(2)
    world.follow()
    world.follow()
    [first, second] = world.orders()
    assert (first.attempt, second.attempt, second.state) == (1, 2, OrderState.FILLED)
    assert world.at_broker() == 100


def test_an_entry_that_never_arrived_is_not_sent_again_when_it_is_old(world: World) -> None:
    world.patience = replace(world.patience, entry_again_within=world.patience.send_within)
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault("submit", FaultKind.AWAY)
    world.send()
    world.wait(60)
    world.settle()
    assert [one.client_order_id for one in world.orders()] == [entry]
    assert world.alerts()["ENTRY_NEVER_SENT"].trouble.severity is Severity.WARNING


def test_a_submission_that_was_under_way_for_long_is_found_when_it_arrives(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault("submit", FaultKind.LATE, seconds=40)
    world.send()
    world.follow()
    assert world.state(entry) is OrderState.UNKNOWN
    world.wait(41)
    world.follow()
    assert world.state(entry) is OrderState.FILLED
    assert len(world.orders()) == 1


def test_an_order_that_arrives_after_it_was_taken_for_lost_is_cancelled_and_told(world: World) -> None:
    limit = planned(OrderRole.ENTRY, 100, order_type=OrderType.LIMIT, limit_price=NONE + 40)
    [entry] = world.decide(limit)
    world.fault("submit", FaultKind.LATE, seconds=300)
    world.send()
    world.settle(passes=4)
    assert world.state(entry) is OrderState.REJECTED
    world.wait(300)
    world.follow()
    found = world.broker.find(entry)
    assert found is not None
    assert found.state.value == "CANCELLED"
    assert world.alerts()["STILL_WORKING"].trouble.severity is Severity.CRITICAL


def test_an_order_that_stays_unknown_past_its_deadline_pages_a_person(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault("submit", FaultKind.LOST_ANSWER)
    world.send()
    for _ in range(10):
        world.fault("executions", FaultKind.AWAY)
    world.settle(passes=3)
    assert world.state(entry) is OrderState.UNKNOWN
    assert world.alerts()["ORDER_UNKNOWN"].trouble.severity is Severity.CRITICAL
    assert "BROKER_AWAY" in world.alerts()


def test_a_duplicate_id_at_the_broker_is_no_rejection(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.broker.submit(OrderRequest.of(world.order(entry)))  # as a ledger restored from a backup would not know
    world.send()
    world.follow()
    assert world.path(entry) == ["SUBMITTED", "UNKNOWN", "ACKNOWLEDGED", "FILLED"]
    assert world.at_broker() == 100


def test_an_old_intent_is_asked_for_before_it_is_sent(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.broker.submit(OrderRequest.of(world.order(entry)))
    world.wait(60)
    world.send()
    assert world.path(entry) == ["ACKNOWLEDGED"]
    world.follow()
    assert world.state(entry) is OrderState.FILLED


def test_a_process_that_slept_between_claim_and_sending_does_not_send(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    moments = iter([0, 0, 60, 60, 60])

    def later() -> object:
        world.wait(next(moments, 0))
        return world.time

    submit_intents(world.ledger, world.brokers, later, patience=world.patience)  # type: ignore[arg-type]
    assert (world.state(entry), world.order(entry).reason) == (OrderState.REJECTED, "NEVER_ARRIVED")
    assert world.broker.find(entry) is None
    world.settle(passes=2)
    assert world.at_broker() == 100


def test_a_rejected_entry_ends_with_the_brokers_reason_and_is_not_tried_again(world: World) -> None:
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    world.fault("submit", FaultKind.REJECT, code=RefusalCode.NOT_TRADABLE)
    world.send()
    world.settle(passes=3)
    assert (world.state(entry), world.order(entry).reason) == (OrderState.REJECTED, "NOT_TRADABLE")
    assert len(world.orders()) == 1


def test_the_paper_broker_refuses_what_margin_does_not_carry(world: World) -> None:
    [entry] = world.run(planned(OrderRole.ENTRY, 50_000))
    assert world.order(entry).reason == "MARGIN"


@pytest.mark.parametrize(
    ("strategy_mode", "account_mode", "reason"),
    [
        (TradingMode.PAPER, TradingMode.LIVE, "NOT_LIVE_TWICE"),
        (TradingMode.LIVE, TradingMode.PAPER, "MODE_MISMATCH"),
        (TradingMode.LIVE, TradingMode.LIVE, "BROKER_IS_PAPER"),
    ],
)
def test_real_money_needs_saying_twice_at_the_door_too(
    world: World, strategy_mode: TradingMode, account_mode: TradingMode, reason: str
) -> None:
    change_account(world.ledger, replace(ACCOUNT, broker="ibkr", mode=account_mode), ACT)
    put_strategy(world.ledger, strategy("S", accounts=("a1",), trading_mode=strategy_mode), ACT)
    [entry] = world.run(planned(OrderRole.ENTRY, 100))
    assert (world.state(entry), world.order(entry).reason) == (OrderState.REJECTED, reason)
    assert world.broker.find(entry) is None


def test_a_paper_account_never_reaches_a_live_connection(world: World) -> None:
    class Live(type(world.broker)):  # type: ignore[misc]
        is_live = True

    live = Live(world.home / "paper" / "DU1.sqlite", world.now)
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    submit_intents(world.ledger, {"a1": live}, world.now)
    assert world.order(entry).reason == "BROKER_IS_LIVE"
    assert (live.find(entry), "BROKER_IS_LIVE" in world.alerts()) == (None, True)
    live.close()


def test_a_halt_after_the_decision_stops_the_entry_and_keeps_the_exit(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    entry, late_exit = world.decide(planned(OrderRole.ENTRY, 10))[0], world.decide(planned(OrderRole.EXIT, 100))[0]
    _halt(world, HaltState.HALTED)
    world.follow()
    assert (world.state(entry), world.order(entry).reason) == (OrderState.REJECTED, "HALTED")
    assert (world.state(late_exit), "EXIT_HELD_BACK" in world.alerts()) == (OrderState.INTENT, True)
    _halt(world, HaltState.REDUCING)
    world.settle(passes=2)
    assert (world.state(late_exit), world.held()) == (OrderState.FILLED, 0)


def test_an_exit_leaves_a_closed_account_and_an_entry_does_not(world: World) -> None:
    world.run(planned(OrderRole.ENTRY, 100))
    [late_exit] = world.decide(planned(OrderRole.EXIT, 100))
    [entry] = world.decide(planned(OrderRole.ENTRY, 100))
    with world.ledger.writing() as connection:
        connection.exec_driver_sql(f"UPDATE accounts SET status = '{AccountStatus.CLOSED.value}'")
    world.send()
    world.follow()
    assert (world.state(late_exit), world.state(entry)) == (OrderState.FILLED, OrderState.REJECTED)


def test_a_cancel_signal_cancels_a_working_entry_and_an_intent(world: World) -> None:
    working = world.run(planned(OrderRole.ENTRY, 100, order_type=OrderType.LIMIT, limit_price=NONE + 40))[0]
    intent = world.decide(planned(OrderRole.ENTRY, 100))[0]
    cancel = tuple(Action(kind=ActionKind.CANCEL, client_order_id=one) for one in (working, intent))
    world.decide(actions=cancel)
    world.send()
    world.follow()
    assert world.path(working)[-2:] == ["PENDING_CANCEL", "CANCELLED"]
    assert (world.path(intent), world.broker.find(intent)) == (["CANCELLED"], None)
    assert world.order(working).reason == "CANCEL_SIGNAL"


def test_a_cancel_that_is_not_heard_is_asked_for_again(world: World) -> None:
    [working] = world.run(planned(OrderRole.ENTRY, 100, order_type=OrderType.LIMIT, limit_price=NONE + 40))
    world.decide(actions=(Action(kind=ActionKind.CANCEL, client_order_id=working),))
    world.fault("cancel", FaultKind.AWAY)
    world.follow()
    assert world.state(working) is OrderState.PENDING_CANCEL
    world.follow()
    assert world.state(working) is OrderState.CANCELLED


def test_an_entry_that_does_not_fill_in_time_expires(world: World) -> None:
    world.patience = replace(world.patience)
    add_signal(world.ledger, "slow")
    made = decision("slow", planned(OrderRole.ENTRY, 100, order_type=OrderType.LIMIT, limit_price=NONE + 40))
    [order] = record(world.ledger, made, "batch", world.time).orders
    world.send()
    world.follow()
    world.wait(86_400)
    world.follow()
    assert (world.state(order.client_order_id), world.order(order.client_order_id).role) == (
        OrderState.EXPIRED,
        OrderRole.ENTRY,
    )


def _halt(world: World, state: HaltState) -> None:
    with world.ledger.writing() as connection:
        connection.exec_driver_sql("DELETE FROM halts")
        connection.exec_driver_sql(
            "INSERT INTO halts (scope, state, note, changed_by, changed_at) "
            f"VALUES ('*', '{state.value}', '', 'x', '2026-03-02 00:00:00')"
        )
