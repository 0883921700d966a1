"""Signals and books that are wrong: one signal is refused or quarantined, and all others go on."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text, update

from fund_pipeline.execution.port import Quote
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.signals.inbox import process_pending
from fund_pipeline_tests.decisions.floor import Floor, leg, signal
from fund_pipeline_tests.decisions.scenarios import gold, sized
from fund_pipeline_tests.signals.inboxes import READER

KEY = "STOCK:AAPL"
THIRD = "0.33333333333333333333"


def refused(floor: Floor, *legs: dict[str, object], **fields: object) -> str:
    """Why an entry is not ordered."""
    entry = floor.send(sized("ENTRY", *(legs or (leg("BUY", 10),)), **fields))
    floor.work_off()
    assert floor.positions() == {}
    return floor.reason(entry)[1]


def test_no_active_allocation(floor: Floor) -> None:
    floor.market(KEY, "150")
    with floor.ledger.writing() as connection:
        connection.execute(update(tables.allocations).values(status="ARCHIVED"))
    assert refused(floor) == "NO_ACTIVE_ALLOCATION"


def test_an_allocation_that_is_not_proven_pages(floor: Floor) -> None:
    floor.market(KEY, "150")
    with floor.ledger.writing() as connection:
        connection.execute(update(tables.allocation_weights).values(weight=Decimal(2)))
    assert refused(floor) == "NO_ACTIVE_ALLOCATION"
    assert "ALLOCATION_UNPROVEN" in floor.alerts()


def test_an_unknown_instrument_of_a_stated_type_has_no_price(floor: Floor) -> None:
    assert refused(floor, leg("BUY", 10, "ZZZQ")) == "NO_PRICE"


def test_no_quote(floor: Floor) -> None:
    assert refused(floor) == "NO_PRICE"


@pytest.mark.parametrize("minutes", [2, -2])
def test_a_quote_of_another_time(floor: Floor, minutes: int) -> None:
    floor.market(KEY, "150")
    floor.now, then = floor.clock(), floor.clock()
    floor.paper.set_quote(KEY, Quote(Decimal(150), Decimal(150), Decimal(150), then))
    floor.pass_time(minutes=minutes)
    assert refused(floor) == "STALE_QUOTE"


@pytest.mark.parametrize("bid", ["-1", "0", "300"])
def test_a_quote_that_is_none(floor: Floor, bid: str) -> None:
    floor.market(KEY, bid, "150")
    assert refused(floor) == "PRICE_SANITY"


@pytest.mark.parametrize("loss", [1_000_000, 3_000_000])
def test_an_account_without_equity(floor: Floor, loss: int) -> None:
    floor.market(KEY, "150")
    with floor.paper._store.transaction() as db:
        db.execute("UPDATE cash SET amount = ?", (str(1_000_000 - loss),))
    assert refused(floor) == "NO_EQUITY"


def test_a_paper_account_behind_a_live_strategy(floor: Floor) -> None:
    floor.market(KEY, "150")
    floor.change_strategy(trading_mode=TradingMode.LIVE)
    assert refused(floor) in ("MODE_MISMATCH", "NO_ALERT_CHANNEL")


def test_a_live_account_behind_a_paper_strategy(floor: Floor) -> None:
    floor.market(KEY, "150")
    with floor.ledger.writing() as connection:
        connection.execute(update(tables.accounts).values(mode="LIVE", broker="elsewhere"))
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.decide()
    assert floor.reason(entry)[1] == "MODE_MISMATCH"
    assert floor.orders() == ()


def test_more_digits_than_the_books_keep_are_rounded_alike_on_the_way_in_and_out(floor: Floor) -> None:
    floor.market("CRYPTO:BTC", "95000")
    coin = leg("BUY", THIRD, "BTC", instrument_type="CRYPTO", price="95000.00000000000000001")
    entry = floor.send(signal("ENTRY", coin, account_equity="3000000.0000000000000001"))
    floor.work_off()
    assert floor.reason(entry)[0] == "APPROVED"
    back = leg("SELL", THIRD, "BTC", instrument_type="CRYPTO", price="95000.00000000000000001")
    leaving = floor.send(signal(None, back, account_equity="3000000.0000000000000001"))
    floor.work_off()
    assert floor.reason(leaving) == ("APPROVED", "CLOSES")
    floor.assert_flat()


POISON = [
    {"quantity": "1e-20"},
    {"quantity": "1000000000000"},
    {"price": "1e-29"},
    {"price": "999999999999.99999999999999999"},
    {"stop_loss": "0.00000000000000000000001"},
    {"take_profit": "999999999999.9999999999999999"},
    {"order_type": "LIMIT", "price": "149.99999999999999999999"},
    {"order_type": "STOP", "stop_price": "151.00000000000000000001"},
]


@pytest.mark.parametrize("poison", [*POISON, {"account_equity": "1e-30"}, {"account_equity": "1e30"}], ids=str)
def test_absurd_numbers_do_not_stop_the_batch(floor: Floor, poison: dict[str, str]) -> None:
    floor.market(KEY, "150")
    floor.market("STOCK:KO", "60")
    held = floor.send(sized("ENTRY", leg("BUY", 10, "KO")))
    floor.work_off()
    of_signal = {name: value for name, value in poison.items() if name == "account_equity"}
    of_leg = {"quantity": "1"} | {name: value for name, value in poison.items() if name != "account_equity"}
    bad = floor.send(sized("ENTRY", leg("BUY", **of_leg), **of_signal))
    leaving = floor.send(sized("EXIT", leg("SELL", 10, "KO"), entry_signal_id=held))
    floor.work_off()
    assert floor.reason(leaving) == ("APPROVED", "CLOSES")
    assert "STOCK:KO" not in floor.positions()
    assert floor.positions().get(KEY, Decimal(0)) * 150 <= 2_000_000
    assert floor.reason(bad)[1] not in ("UNDECIDABLE", "")


def test_an_instrument_whose_key_is_longer_than_its_column_is_quarantined_alone(either_floor: Floor) -> None:
    floor = either_floor
    floor.market(KEY, "150")
    long = {"instrument_type": "OPTION", "expiry": "20261218", "strike": "123456789450." + "1" * 29, "right": "C"}
    bad = floor.send(sized("ENTRY", leg("BUY", 1, "ABCDE.F", **long)))
    good = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    assert floor.reason(good)[0] == "APPROVED"
    assert floor.reason(bad) == ("QUARANTINED", "OUT_OF_RANGE")
    assert floor.positions() == {KEY: Decimal(40)}


def test_a_stored_signal_that_cannot_be_read_is_quarantined_alone_and_pages(floor: Floor) -> None:
    floor.market(KEY, "150")
    bad, good = (floor.send(sized("ENTRY", leg("BUY", 10))) for _ in range(2))
    process_pending(floor.ledger, READER, floor.now)
    with floor.ledger.writing() as connection:
        damaged = update(tables.signals).where(tables.signals.c.signal_id == bad)
        connection.execute(damaged.values(standardised={"legs": 7}))
    floor.work_off()
    assert floor.reason(bad) == ("QUARANTINED", "UNDECIDABLE")
    assert floor.reason(good)[0] == "APPROVED"
    assert "SIGNAL_QUARANTINED" in floor.alerts()


def test_what_the_database_refuses_is_quarantined_alone(floor: Floor) -> None:
    floor.market(KEY, "150")
    bad, good = (floor.send(sized("ENTRY", leg("BUY", 10))) for _ in range(2))
    with floor.ledger.writing() as connection:
        refuse = f"CREATE TRIGGER no BEFORE INSERT ON orders WHEN NEW.signal_id = '{bad}' "
        connection.execute(text(refuse + "BEGIN SELECT RAISE(ABORT, 'not this one'); END"))
    floor.work_off()
    assert floor.reason(bad) == ("QUARANTINED", "UNDECIDABLE")
    assert floor.reason(good)[0] == "APPROVED"
    assert floor.positions() == {KEY: Decimal(40)}


def test_a_pair_with_one_leg_that_cannot_be_ordered_is_not_ordered(floor: Floor) -> None:
    floor.market(KEY, "150")
    assert refused(floor, leg("BUY", 10), gold("SELL", 1, 4000.0)) == "NO_PRICE"
    assert floor.orders() == ()
