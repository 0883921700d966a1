"""A target weight that changes sign: an exit, then an entry once that is filled."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from fund_pipeline.execution.brokers.paper import FILL, Fault, FaultKind
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline_tests.decisions.floor import Floor
from fund_pipeline_tests.decisions.scenarios import weight

KEY = "ETF:MTUM"


def turned(floor: Floor) -> str:
    """Half of the capital long, then the signal for half of it short."""
    floor.market(KEY, "200")
    floor.send(weight(0.5))
    floor.work_off()
    assert floor.positions() == {KEY: Decimal(1000)}
    return floor.send(weight(0.5, "SELL") | {"signal_type": "ENTRY"})


def decisions(floor: Floor, signal_id: str) -> list[tuple[int, str, str]]:
    """Part, type and reason of a signal's decisions."""
    found = list_decisions(floor.ledger, signal_id=signal_id)
    return sorted((one.part, one.kind, one.reason) for one in found)


def test_the_entry_follows_the_fill_of_the_exit_in_the_next_batch(either_floor: Floor) -> None:
    floor = either_floor
    signal_id = turned(floor)
    floor.work_off()
    assert floor.positions() == {}
    assert decisions(floor, signal_id) == [(0, "EXIT", "CLOSES")]
    floor.work_off()
    assert decisions(floor, signal_id) == [(0, "EXIT", "CLOSES"), (1, "ENTRY", "SIZED")]
    assert floor.positions() == floor.at_broker() == {KEY: Decimal(-999)}  # 10.00 of commission are gone


def test_it_is_decided_once(floor: Floor) -> None:
    signal_id = turned(floor)
    for _ in range(5):
        floor.work_off()
    assert len(decisions(floor, signal_id)) == 2
    assert len(floor.orders()) == 3
    floor.send(weight(0))
    floor.work_off()
    floor.assert_flat()


def test_nothing_is_entered_while_the_exit_works(floor: Floor) -> None:
    signal_id = turned(floor)
    floor.paper.inject(Fault(FILL, FaultKind.HIDDEN, seconds=30))
    for _ in range(3):
        floor.work_off()
    assert len(decisions(floor, signal_id)) == 1
    floor.pass_time(seconds=31)
    floor.follow()
    floor.work_off()
    assert floor.positions() == {KEY: Decimal(-999)}


def test_what_has_become_too_old_meanwhile_is_dropped(floor: Floor) -> None:
    signal_id = turned(floor)
    floor.work()
    floor.pass_time(minutes=20)
    floor.market(KEY, "200")
    floor.work_off()
    assert decisions(floor, signal_id)[1][2] == "DROPPED_STALE"
    floor.assert_flat()


def test_a_newer_target_takes_its_place(floor: Floor) -> None:
    turned(floor)
    floor.work()
    floor.now += timedelta(seconds=1)
    floor.send(weight(0, at=floor.now))
    for _ in range(3):
        floor.work_off()
    # The batch that decides the newer one has entered the older one first, and leaves it again.
    floor.assert_flat()
