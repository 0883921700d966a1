"""What a CANCEL leaves of the sender's own book, and what a name that we do not know may mean."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fund_pipeline.execution.brokers.paper import FILL, Fault, FaultKind
from fund_pipeline.ledger.sender_book import open_entries
from fund_pipeline.signals.options import DuplicatePolicy
from fund_pipeline_tests.decisions.floor import STRATEGY, Floor, admit, leg, signal
from fund_pipeline_tests.decisions.scenarios import sized, weight

KEY = "STOCK:AAPL"
LIMIT = {"order_type": "LIMIT", "price": 90}


def book(floor: Floor) -> dict[str, Decimal]:
    """What is left of each entry in the sender's units."""
    return {one.signal_id: one.remaining for one in open_entries(floor.ledger, [STRATEGY])}


def cancel(floor: Floor, *legs: dict[str, object], **fields: object) -> str:
    sent = floor.send(signal("CANCEL", *legs, at=floor.now, **fields))
    floor.work_off()
    return sent


def test_an_entry_that_filled_nothing_is_no_longer_the_senders_though_another_rung_is_held(floor: Floor) -> None:
    floor.market(KEY, "100")
    held = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    waiting = floor.send(sized("ENTRY", leg("BUY", 20, **LIMIT)))
    floor.work_off()
    cancelled = cancel(floor, entry_signal_id=waiting)
    assert floor.reason(cancelled) == ("APPROVED", "CANCELS")
    assert book(floor) == {held: 10}
    leaving = floor.send(sized(None, leg("SELL", 10)))  # without a type: it ends the sender's position
    floor.work_off()
    assert floor.reason(leaving) == ("APPROVED", "CLOSES")
    floor.assert_flat()


def test_an_entry_that_filled_in_part_keeps_that_part_less_what_its_exits_closed(floor: Floor) -> None:
    floor.market(KEY, "100")
    floor.paper.inject(Fault(FILL, FaultKind.PARTIAL, quantity=Decimal(16)))
    entry = floor.send(sized("ENTRY", leg("BUY", 10, order_type="LIMIT", price=100)))
    floor.work()
    floor.market(KEY, "101")
    assert floor.held(STRATEGY, KEY) == 16  # of 40
    cancel(floor, entry_signal_id=entry)
    assert book(floor) == {entry: 4}
    floor.send(sized("SCALE_OUT", leg("SELL", 1), entry_signal_id=entry, at=floor.now))
    floor.work_off()
    assert floor.held(STRATEGY, KEY) == 12
    floor.send(sized("EXIT", leg("SELL", 3), at=floor.now))
    floor.work_off()
    floor.assert_flat()


def test_an_entry_that_filled_whole_stays_the_senders(floor: Floor) -> None:
    floor.market(KEY, "100")
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    assert floor.reason(cancel(floor, entry_signal_id=entry)) == ("DROPPED", "NOTHING_TO_CANCEL")
    assert book(floor) == {entry: 10}


def test_a_cancelled_target_weight_leaves_what_is_held_to_the_next_weight(floor: Floor) -> None:
    etf = "ETF:MTUM"
    floor.market(etf, "200")
    floor.send(weight(0.5))
    floor.work_off()
    more = floor.send(weight(0.9))
    floor.decide()
    floor.send(signal("CANCEL", strategy_name="T1", entry_signal_id=more))
    floor.work_off()
    assert floor.positions() == {etf: Decimal(1000)}
    floor.send(weight(0))
    floor.work_off()
    assert floor.positions() == {}


@pytest.mark.parametrize("kind", ["EXIT", "SCALE_OUT", "CANCEL"])
@pytest.mark.parametrize("stated", [True, False])
def test_a_name_that_we_do_not_know_closes_nothing_else(floor: Floor, kind: str, stated: bool) -> None:
    if kind == "SCALE_OUT" and not stated:
        return
    floor.market(KEY, "100")
    for quantity in (10, 20):
        floor.send(sized("ENTRY", leg("BUY", quantity, **(LIMIT if kind == "CANCEL" else {}))))
    floor.work_off()
    before = (floor.positions(), book(floor), len(floor.orders()))
    sent = floor.send(signal(kind, *([leg("SELL", 10)] if stated else []), entry_signal_id="never-sent"))
    floor.work_off()
    assert floor.reason(sent) == ("QUARANTINED", "AMBIGUOUS")
    assert (floor.positions(), book(floor), len(floor.orders())) == before
    assert "SIGNAL_QUARANTINED" in floor.alerts()


def test_a_name_that_we_do_not_know_means_the_one_position_there_is(floor: Floor) -> None:
    floor.market(KEY, "100")
    floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    leaving = floor.send(sized("EXIT", entry_signal_id="never-sent"))
    floor.work_off()
    assert floor.reason(leaving) == ("APPROVED", "CLOSES")
    floor.assert_flat()


def test_what_was_refused_is_not_what_a_repeated_id_means(floor: Floor) -> None:
    admit(floor.ledger, "rita", STRATEGY, duplicate_policy=DuplicatePolicy.IDS_REPEAT)
    floor.market(KEY, "100")
    good = floor.send(sized("ENTRY", leg("BUY", 10), signalID="twice"), "rita")
    floor.work_off()
    floor.send(sized("ENTRY", leg("BUY", 20)))
    floor.work_off()
    bad = floor.send(sized("ENTRY", leg("HOLD", 10), signalID="twice", at=floor.now), "rita")
    floor.work_off()
    assert floor.reason(bad)[0] == "QUARANTINED"
    floor.send(sized("EXIT", entry_signal_id="twice"))
    floor.work_off()
    assert book(floor).get(good) is None
    assert floor.positions() == {KEY: Decimal(80)}
