"""What may change between two looks: time, prices, and what brokers say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from fund_pipeline.execution import submit_intents
from fund_pipeline.execution.brokers.paper import PaperBroker
from fund_pipeline.execution.brokers.paper.connecting import file_of
from fund_pipeline.execution.port import AccountState
from fund_pipeline.ledger.account_model import AccountSnapshot
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.model import StrategyStatus
from fund_pipeline.ledger.sender_book import open_entries
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.terms import AssetClass
from fund_pipeline_tests.decisions.floor import ACT, STRATEGY, Floor, leg, signal
from fund_pipeline_tests.decisions.scenarios import sized
from fund_pipeline_tests.samples import account


def test_an_entry_that_was_not_sent_while_it_was_fresh_is_never_sent(floor: Floor) -> None:
    floor.price(AAPL="100")
    floor.send(signal("ENTRY", leg("BUY", 100)))
    floor.decide()
    floor.pass_time(hours=20)
    floor.change_strategy(status=StrategyStatus.INACTIVE)
    floor.price(AAPL="180")
    submit_intents(floor.ledger, floor.brokers, floor.clock)
    floor.follow()
    assert floor.positions() == floor.at_broker() == {}
    (order,) = floor.orders()
    assert order.state.value == "EXPIRED"


def test_what_works_counts_at_the_markets_price_whatever_price_the_sender_states(floor: Floor) -> None:
    floor.change_strategy(max_gross=Decimal(1))
    floor.price(AAPL="100")
    for _ in range(2):
        floor.send(signal("ENTRY", leg("BUY", 900, price=0.01)))
        floor.decide()
    submit_intents(floor.ledger, floor.brokers, floor.clock)
    floor.follow()
    assert floor.positions()["STOCK:AAPL"] * 100 <= 400_000


def test_equity_of_which_nobody_has_heard_for_weeks_sizes_nothing(floor: Floor) -> None:
    insert_account(floor.ledger, account("silent", asset_classes=tuple(sorted(AssetClass)), broker="ibkr"), ACT)
    past = floor.now - timedelta(days=21)
    million = Decimal(9_000_000)
    record_snapshot(floor.ledger, AccountSnapshot("silent", past, past, million, million, Decimal(0), "USD", {}))
    floor.connect()
    floor.price(AAPL="100")
    entry = floor.send(signal("ENTRY", leg("BUY", 100)))
    floor.work()
    assert floor.reason(entry) == ("REJECTED", "NO_EQUITY")


def test_a_broker_whose_numbers_are_none_stops_no_exit(floor: Floor) -> None:
    class Odd(PaperBroker):
        def account_state(self) -> AccountState:
            none = Decimal("NaN")
            return AccountState(none, none, none, "USD", floor.now)

    floor.price(AAPL="100")
    floor.send(sized("ENTRY", leg("BUY", 100)))
    floor.work()
    brokers = {"demo-paper": Odd(file_of(account(), floor.home), floor.clock)}
    floor.sources = replace(floor.sources, brokers=brokers)
    floor.send(sized("EXIT", leg("SELL", 100)))
    entry = floor.send(sized("ENTRY", leg("BUY", 5, "MSFT")))
    floor.work()
    assert floor.positions() == {}
    assert floor.reason(entry)[0] == "REJECTED"


def test_entries_of_one_batch_stand_in_the_senders_book_as_they_were_received(floor: Floor) -> None:
    floor.price(AAPL="100")
    ids = []
    for quantity in (1, 2, 3, 4):
        floor.pass_time(seconds=1)
        ids.append(floor.send(sized("ENTRY", leg("BUY", quantity), at=floor.now)))
    floor.price(AAPL="100")
    floor.work()
    assert [entry.signal_id for entry in open_entries(floor.ledger, [STRATEGY])] == ids
