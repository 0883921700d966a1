"""From a signal to a position, through the ledger and a paper broker."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline_tests.decisions.floor import Floor, leg, signal


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
