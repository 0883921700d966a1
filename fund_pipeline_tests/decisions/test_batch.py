"""From a signal to a position, through the ledger and a paper broker."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fund_pipeline.decisions import batch, decide_waiting
from fund_pipeline.signals.inbox import process_pending
from fund_pipeline_tests.decisions.floor import Floor, leg, signal
from fund_pipeline_tests.signals.inboxes import READER


def test_an_entry_is_sized_sent_and_booked(either_floor: Floor) -> None:
    floor = either_floor
    floor.price(AAPL="150")
    entry = floor.send(signal("ENTRY", leg("BUY", 10)))
    floor.work()
    assert floor.reason(entry)[0] == "APPROVED"
    # 10 shares of a sender with 100,000, for a strategy with 400,000.
    assert floor.positions() == {"STOCK:AAPL": Decimal(40)}
    assert floor.at_broker() == floor.positions()


def test_an_exit_that_names_its_entry_closes_it(either_floor: Floor) -> None:
    floor = either_floor
    floor.price(AAPL="150")
    entry = floor.send(signal("ENTRY", leg("BUY", 10)))
    floor.work()
    floor.price(AAPL="160")
    leaving = floor.send(signal("EXIT", leg("SELL", 10), entry_signal_id=entry))
    floor.work()
    assert floor.reason(leaving)[0] == "APPROVED"
    assert floor.positions() == {}
    assert floor.at_broker() == {}
    assert floor.book("STOCK:AAPL").realised_pnl > Decimal(300)


def test_what_is_recorded_may_be_sent_at_once_unless_what_waits_may_take_it_back(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "FIRST", 1)
    monkeypatch.setattr(batch, "CHUNK", 1)
    told: list[int] = []

    def decide(limit: int) -> int:
        """How often it is said, of one signal per transaction, that orders may be sent."""
        told.clear()
        process_pending(floor.ledger, READER, floor.now)
        decide_waiting(floor.ledger, floor.sources, "b", floor.clock, limit=limit, recorded=lambda: told.append(1))
        return len(told)

    floor.price(AAPL="150")
    first, *_ = [floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now)) for _ in range(3)]
    assert decide(limit=2) == 0, "the third waits, and nobody has read what it says"
    assert decide(limit=2) == 1
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    floor.send(signal("CANCEL", at=floor.now, entry_signal_id=first))
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    assert decide(limit=9) == 2, "none before the cancel is decided"
