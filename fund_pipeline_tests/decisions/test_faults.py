"""Brokers, clocks, processes and databases that fail between a signal and its position: nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from sqlalchemy import text

from fund_pipeline.decisions import Settled, decide_waiting
from fund_pipeline.errors import FundError, TemporaryError
from fund_pipeline.execution import submit_intents
from fund_pipeline.execution.brokers.paper import FILL, Fault, FaultKind
from fund_pipeline.execution.port import OrderRequest, Quote
from fund_pipeline.ledger.claims import claim
from fund_pipeline.signals.inbox import process_pending
from fund_pipeline.terms import AssetClass, OrderRole, OrderType, Side
from fund_pipeline_tests.decisions.floor import Floor, leg
from fund_pipeline_tests.decisions.scenarios import sized
from fund_pipeline_tests.signals.inboxes import READER

KEY = "STOCK:AAPL"
MINUTE = timedelta(minutes=1)
CALLS = ("submit", "find", "open_orders", "executions", "account_state", "positions", "quote", "cancel")
FAULTS = [
    *[Fault(call, FaultKind.AWAY) for call in CALLS],
    *[Fault(call, FaultKind.LOST_ANSWER) for call in CALLS],
    Fault("submit", FaultKind.LATE, seconds=20),
    Fault("submit", FaultKind.REJECT),
    Fault("executions", FaultKind.TWICE),
    Fault(FILL, FaultKind.PARTIAL, quantity=Decimal(7)),
    Fault(FILL, FaultKind.HIDDEN, seconds=30),
]


def calm_down(floor: Floor) -> None:
    """Let time pass until everything that was on its way is there."""
    for _ in range(4):
        floor.market(KEY, "150")
        floor.follow()
        floor.pass_time(minutes=1)
    floor.market(KEY, "150")
    floor.follow()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: f"{one.call} {one.kind.value}")
@pytest.mark.parametrize("on", ["entry", "exit"])
def test_after_any_fault_of_the_broker_the_exit_leaves_nothing(floor: Floor, fault: Fault, on: str) -> None:
    floor.market(KEY, "150")
    if on == "entry":
        floor.paper.inject(fault)
    entry = floor.send(sized("ENTRY", leg("BUY", 10, stop_loss=100)))
    floor.work()
    if on == "exit":
        floor.follow()
        floor.paper.inject(fault)
    floor.send(sized("EXIT", leg("SELL", 10), entry_signal_id=entry))
    floor.work()
    calm_down(floor)
    floor.assert_flat()
    sent = [one for one in floor.orders() if one.role is OrderRole.ENTRY and one.filled_quantity]
    assert sum(one.filled_quantity for one in sent) <= 40


def test_a_scale_out_whose_fill_is_not_told_yet_does_not_hide_the_rest_from_the_exit(floor: Floor) -> None:
    floor.market(KEY, "150")
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    floor.paper.inject(Fault(FILL, FaultKind.HIDDEN, seconds=30))
    floor.send(sized("SCALE_OUT", leg("SELL", 5), entry_signal_id=entry))
    floor.work()
    leaving = floor.send(sized("EXIT", leg("SELL", 5), entry_signal_id=entry))
    floor.work()
    assert floor.reason(leaving) == ("APPROVED", "CLOSES")
    calm_down(floor)
    floor.assert_flat()


def test_an_entry_whose_fill_is_not_told_yet_does_not_stop_the_next_rung(floor: Floor) -> None:
    floor.market(KEY, "150")
    floor.paper.inject(Fault(FILL, FaultKind.HIDDEN, seconds=30))
    floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work()
    second = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work()
    assert floor.reason(second)[0] == "APPROVED"
    calm_down(floor)
    assert floor.positions() == floor.at_broker() == {KEY: Decimal(80)}


def test_a_fill_of_more_than_was_asked_for_is_closed_too(floor: Floor) -> None:
    floor.market(KEY, "150")
    floor.paper.inject(Fault(FILL, FaultKind.OVERFILL, quantity=Decimal(3)))
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    assert floor.positions() == {KEY: Decimal(43)}
    floor.send(sized("EXIT", leg("SELL", 10), entry_signal_id=entry))
    floor.work_off()
    floor.assert_flat()


def test_a_fill_of_an_order_we_do_not_know_locks_the_instrument_for_nobody_else(floor: Floor) -> None:
    floor.market(KEY, "150")
    floor.market("STOCK:KO", "60")
    by_hand = OrderRequest(
        "", KEY, AssetClass.STOCK, Side.BUY, Decimal(7), OrderType.MARKET, None, None, Decimal(1), "USD"
    )
    floor.paper.trade_by_hand(by_hand, Decimal(150))
    locked = floor.send(sized("ENTRY", leg("BUY", 10)))
    other = floor.send(sized("ENTRY", leg("BUY", 10, "KO")))
    floor.work()
    assert floor.reason(locked) == ("REJECTED", "NOT_RECONCILED")
    assert floor.reason(other)[0] == "APPROVED"
    floor.follow()  # books it, in nobody's name
    again = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work()
    assert floor.reason(again)[0] == "APPROVED"


@pytest.mark.parametrize("minutes", [-3, 3])
def test_a_broker_whose_clock_differs_stops_entries_and_not_exits(floor: Floor, minutes: int) -> None:
    floor.market(KEY, "150")
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    skewed = _Skewed(floor, minutes)
    refused = floor.send(sized("ENTRY", leg("BUY", 10)))
    leaving = floor.send(sized("EXIT", leg("SELL", 10), entry_signal_id=entry))
    process_pending(floor.ledger, READER, floor.now)
    decide_waiting(floor.ledger, skewed.sources, "skewed", floor.clock)
    assert floor.reason(leaving)[0] == "APPROVED"
    assert floor.reason(refused)[1] in ("STALE_STATE", "STALE_QUOTE")


class _Skewed:
    """The same brokers, their clocks some minutes off."""

    def __init__(self, floor: Floor, minutes: int) -> None:
        now, floor.now = floor.now, floor.now + minutes * MINUTE
        floor.paper.set_quote(KEY, Quote(Decimal(150), Decimal(150), Decimal(150), floor.now))
        floor.now = now
        self.sources = floor.sources


def test_two_runs_at_once_decide_every_signal_once(either_floor: Floor) -> None:
    floor = either_floor
    floor.market(KEY, "150")
    for _ in range(12):
        floor.send(sized("ENTRY", leg("BUY", 1)))
    process_pending(floor.ledger, READER, floor.now)
    found: list[Settled] = []

    def run(owner: str) -> None:
        found.extend(decide_waiting(floor.ledger, floor.sources, owner, floor.clock, limit=5))

    threads = [Thread(target=run, args=(f"run-{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len({one.signal.signal_id for one in found}) == 12
    assert len(floor.orders()) == 12


def test_what_a_dead_process_claimed_is_decided_before_what_came_after_it(either_floor: Floor) -> None:
    floor = either_floor
    floor.market(KEY, "150")
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    process_pending(floor.ledger, READER, floor.now)
    assert claim(floor.ledger, "dead", floor.now, MINUTE, 10)
    leaving = floor.send(sized("EXIT", leg("SELL", 10), entry_signal_id=entry))
    for _ in range(3):
        floor.work_off()
    assert floor.reason(entry)[0] == "APPROVED"
    assert floor.reason(leaving)[1] != "NO_POSITION"
    floor.assert_flat()


def test_the_same_batch_again_decides_nothing_again(floor: Floor) -> None:
    floor.market(KEY, "150")
    floor.send(sized("ENTRY", leg("BUY", 10)))
    process_pending(floor.ledger, READER, floor.now)
    assert len(decide_waiting(floor.ledger, floor.sources, "run", floor.clock)) == 1
    assert decide_waiting(floor.ledger, floor.sources, "run", floor.clock) == ()


@pytest.mark.parametrize("table", ["decisions", "orders", "sender_entries", "signal_transitions"])
def test_a_database_that_is_lost_while_a_batch_is_stored_leaves_nothing_of_it(floor: Floor, table: str) -> None:
    floor.market(KEY, "150")
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    process_pending(floor.ledger, READER, floor.now)
    _break(
        floor,
        f"CREATE TRIGGER no BEFORE INSERT ON {table} WHEN NEW.signal_id = '{entry}' "
        "BEGIN SELECT CAST(json('lost') AS INTEGER); END",
    )
    with pytest.raises(FundError):
        decide_waiting(floor.ledger, floor.sources, "run", floor.clock)
    assert floor.orders() == ()
    _break(floor, "DROP TRIGGER no")
    floor.work_off()
    assert floor.positions() == {KEY: Decimal(40)}


def _break(floor: Floor, statement: str) -> None:
    with floor.ledger.writing() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("column", ["broker_order_id", "submitted_at"])
def test_a_database_that_is_lost_round_the_submission_sends_nothing_twice(floor: Floor, column: str) -> None:
    floor.market(KEY, "150")
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.decide()
    _break(
        floor,
        f"CREATE TRIGGER no BEFORE UPDATE ON orders WHEN NEW.{column} IS NOT NULL "
        "BEGIN SELECT CAST(json('lost') AS INTEGER); END",
    )
    with pytest.raises(TemporaryError):
        submit_intents(floor.ledger, floor.brokers, floor.clock)
    _break(floor, "DROP TRIGGER no")
    calm_down(floor)
    assert floor.positions() == floor.at_broker() == {KEY: Decimal(40)}
    floor.send(sized("EXIT", leg("SELL", 10), entry_signal_id=entry))
    floor.work_off()
    floor.assert_flat()


def away(floor: Floor) -> None:
    for call in CALLS:
        for _ in range(20):
            floor.paper.inject(Fault(call, FaultKind.AWAY))


def unreachable(floor: Floor) -> None:
    (floor.home / "paper").rename(floor.home / "gone")
    (floor.home / "paper").touch()
    floor.connect()


@pytest.mark.parametrize("trouble", [away])
def test_while_the_broker_is_away_entries_are_refused_and_exits_recorded(
    floor: Floor, trouble: Callable[[Floor], None]
) -> None:
    floor.market(KEY, "150")
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    trouble(floor)
    refused = floor.send(sized("ENTRY", leg("BUY", 10)))
    leaving = floor.send(sized("EXIT", leg("SELL", 10), entry_signal_id=entry))
    floor.work()
    assert floor.reason(refused)[0] == "REJECTED"
    assert floor.reason(leaving) == ("APPROVED", "CLOSES")
    assert "BROKER_AWAY" in floor.alerts()
    with floor.paper._store.transaction() as db:
        db.execute("DELETE FROM faults")
    calm_down(floor)
    floor.assert_flat()
