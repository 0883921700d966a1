"""Every way in which senders trade, from the signal as they write it to a flat position, its result to the cent.

The fund has 1,000,000 and the strategy a weight of 0.4: a sender's size is multiplied by 400,000 ÷ its equity. Stocks
cost 0.005 a share and at least 1.00 an order, futures 2.25 a contract, options 0.65, coins 0.1 %, currencies 2.00.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from fund_pipeline_tests.decisions.floor import WEIGHED, Floor, leg
from fund_pipeline_tests.decisions.scenarios import call_spread, gold, order, sized, weight


def result(floor: Floor, key: str) -> Decimal:
    """What an instrument has earned, after commission."""
    return floor.book(key).realised_pnl


def test_a_long(floor: Floor) -> None:
    floor.market("STOCK:AAPL", "150", "150.10")
    entry = floor.send(sized("ENTRY", leg("BUY", 10)))
    floor.work_off()
    assert floor.positions() == {"STOCK:AAPL": Decimal(40)}
    floor.market("STOCK:AAPL", "160", "160.10")
    floor.send(sized("EXIT", leg("SELL", 10), entry_signal_id=entry))
    floor.work_off()
    floor.assert_flat()
    assert result(floor, "STOCK:AAPL") == Decimal("394.00")  # 40 x (160 - 150.10) - 1 - 1


def test_a_short_with_a_stop(floor: Floor) -> None:
    floor.market("STOCK:AMD", "63.27", "63.30")
    entry = floor.send(sized("ENTRY", leg("SELL", 75, "AMD", direction="SHORT", stop_loss=69.5)))
    floor.work_off()
    assert floor.positions() == {"STOCK:AMD": Decimal(-300)}
    assert [one.quantity for one in floor.paper.open_orders()] == [Decimal(300)]
    floor.market("STOCK:AMD", "62.50", "62.57")
    floor.send(sized("EXIT", leg("BUY", 75, "AMD", direction="LONG"), entry_signal_id=entry))
    floor.work_off()
    floor.assert_flat()
    assert result(floor, "STOCK:AMD") == Decimal("207.00")  # 300 x 0.70 - 1.50 - 1.50


def test_a_ladder_whose_exits_match_its_entries_only_in_sum(floor: Floor) -> None:
    rungs = []
    for price in ("62.86", "62.39", "62.61"):
        floor.market("STOCK:KO", price)
        rungs.append(floor.send(sized("ENTRY", leg("BUY", 100, "KO"))))
        floor.work_off()
    assert floor.positions() == {"STOCK:KO": Decimal(1200)}
    floor.market("STOCK:KO", "63.24")
    left = []
    for rung, quantity in zip(rungs, (50, 120, 130), strict=True):
        floor.send(sized("EXIT", leg("SELL", quantity, "KO"), entry_signal_id=rung))
        floor.work_off()
        left.append(floor.positions().get("STOCK:KO", 0))
    # Half of a third; then another third, and 20 of the 150 that remain of 600; then the rest.
    assert left == [1000, 520, 0]
    floor.assert_flat()
    # 1200 x 63.24 - 400 x (62.86 + 62.39 + 62.61), less 3 x 2.00, and 1.00 + 2.40 + 2.60.
    assert result(floor, "STOCK:KO") == Decimal("732.00")


def test_the_same_ladder_in_one_batch(floor: Floor) -> None:
    floor.market("STOCK:KO", "62.86")
    rungs = [floor.send(sized("ENTRY", leg("BUY", 100, "KO"))) for _ in range(3)]
    floor.work_off()
    for rung, quantity in zip(rungs, (50, 120, 130), strict=True):
        floor.send(sized("EXIT", leg("SELL", quantity, "KO"), entry_signal_id=rung))
    floor.work_off()
    floor.assert_flat()
    assert result(floor, "STOCK:KO") == Decimal("-12.00")


def test_an_entry_and_its_exit_in_one_batch(floor: Floor) -> None:
    floor.market("STOCK:KO", "62.86")
    entry = floor.send(sized("ENTRY", leg("BUY", 100, "KO")))
    floor.send(sized("EXIT", leg("SELL", 100, "KO"), entry_signal_id=entry))
    for _ in range(3):
        floor.work_off()
    floor.assert_flat()


def test_a_pair(floor: Floor) -> None:
    floor.market("STOCK:KO", "62.36", "62.39")
    floor.market("STOCK:PEP", "178.62", "178.70")
    entry = floor.send(sized("ENTRY", leg("BUY", 160, "KO"), leg("SELL", 56, "PEP")))
    floor.work_off()
    assert floor.positions() == {"STOCK:KO": Decimal(640), "STOCK:PEP": Decimal(-224)}
    floor.market("STOCK:KO", "62.60", "62.63")
    floor.market("STOCK:PEP", "179.20", "179.28")
    floor.send(sized("EXIT", leg("SELL", 160, "KO"), leg("BUY", 56, "PEP"), entry_signal_id=entry))
    floor.work_off()
    floor.assert_flat()
    assert result(floor, "STOCK:KO") == Decimal("128.00")  # 640 x 0.21 - 3.20 - 3.20
    assert result(floor, "STOCK:PEP") == Decimal("-150.08")  # 224 x -0.66 - 1.12 - 1.12


def test_a_pair_is_ordered_whole_or_not_at_all(floor: Floor) -> None:
    floor.market("STOCK:KO", "62.36", "62.39")
    entry = floor.send(sized("ENTRY", leg("BUY", 160, "KO"), leg("SELL", 56, "PEP")))
    floor.work_off()
    assert floor.reason(entry) == ("REJECTED", "NO_PRICE")
    assert floor.orders() == ()


def test_an_option_spread(floor: Floor) -> None:
    keys = "OPTION:SPY:20261218:680:C", "OPTION:SPY:20261218:690:C"
    floor.market("ETF:SPY", "675")
    floor.market(keys[0], "11.90", "12.00")
    floor.market(keys[1], "7.00", "7.10")
    entry = floor.send(call_spread(opens=True))
    floor.work_off()
    assert floor.reason(entry)[0] == "APPROVED"
    # 2 x 400,000 / 100,100 = 7.99: seven of each, in the ratio 1 to 1.
    assert floor.positions() == {keys[0]: Decimal(7), keys[1]: Decimal(-7)}
    floor.market(keys[0], "14.00", "14.20")
    floor.market(keys[1], "8.00", "8.20")
    leaving = floor.send(call_spread(opens=False))
    floor.work_off()
    assert floor.reason(leaving) == ("APPROVED", "CLOSES")
    floor.assert_flat()
    assert result(floor, keys[0]) == Decimal("1390.90")  # 7 x 100 x 2.00 - 2 x 4.55
    assert result(floor, keys[1]) == Decimal("-849.10")  # 7 x 100 x -1.20 - 2 x 4.55


def test_a_future(floor: Floor) -> None:
    key = "FUTURE:GC:COMEX:20261229"
    floor.market(key, "4029")
    entry = floor.send(sized("ENTRY", gold("BUY", 5, 4029.0), account_equity=490_000))
    floor.work_off()
    assert floor.positions() == {key: Decimal(4)}
    floor.market(key, "4041")
    floor.send(sized("EXIT", gold("SELL", 5, 4041.0), entry_signal_id=entry, account_equity=490_000))
    floor.work_off()
    floor.assert_flat()
    assert result(floor, key) == Decimal("4782.00")  # 4 x 100 x 12 - 2 x 9.00


def test_an_exit_of_a_future_may_leave_out_its_expiry(floor: Floor) -> None:
    key = "FUTURE:GC:COMEX:20261229"
    floor.market(key, "4029")
    entry = floor.send(sized("ENTRY", gold("BUY", 5, 4029.0), account_equity=490_000))
    floor.work_off()
    bare = {"expiry": None, "exchange": None}
    floor.send(sized("EXIT", gold("SELL", 5, 4041.0, **bare), entry_signal_id=entry, account_equity=490_000))
    floor.work_off()
    floor.assert_flat()


def test_a_currency_pair_that_counts_in_a_third_currency(floor: Floor) -> None:
    pair = {"instrument": "AUDCAD", "instrument_type": "FOREX", "account_equity": 500_000}
    floor.market("FOREX:USDCAD", "1.37")
    floor.market("FOREX:AUDCAD", "0.9121", "0.9123")
    entry = floor.send(sized("ENTRY", leg("BUY", 100_000, **pair), account_equity=495_000))
    floor.work_off()
    assert floor.reason(entry)[0] == "APPROVED"
    assert floor.positions() == {"FOREX:AUDCAD": Decimal(80_000)}
    floor.market("FOREX:AUDCAD", "0.9145", "0.9147")
    floor.send(sized("EXIT", leg("SELL", 100_000, **pair), entry_signal_id=entry, account_equity=495_000))
    floor.work_off()
    floor.assert_flat()
    assert result(floor, "FOREX:AUDCAD") == Decimal("172.00")  # 80,000 x 0.0022 - 2 x 2.00, in CAD


def test_a_fraction_of_a_coin(floor: Floor) -> None:
    floor.market("CRYPTO:BTC", "94990", "95000")
    coin = {"instrument_type": "CRYPTO"}
    entry = floor.send(sized("ENTRY", leg("BUY", 0.12345, "BTC", **coin), account_equity=500_000))
    floor.work_off()
    assert floor.positions() == {"CRYPTO:BTC": Decimal("0.09876")}
    floor.market("CRYPTO:BTC", "96500", "96510")
    floor.send(sized("EXIT", leg("SELL", 0.12345, "BTC", **coin), entry_signal_id=entry))
    floor.work_off()
    floor.assert_flat()
    # 0.09876 x 1500, less 9.38 (of 9382.20) and 9.53 (of 9530.34).
    assert result(floor, "CRYPTO:BTC") == Decimal("129.23")


def test_the_same_target_weight_every_day_does_not_add_up(floor: Floor) -> None:
    first = None
    for _ in range(3):
        floor.market("ETF:MTUM", "200")
        first = first or floor.send(weight(0.95, at=floor.now))
        again = floor.send(weight(0.95, at=floor.now))
        floor.work_off()
        assert floor.positions() == {"ETF:MTUM": Decimal(1900)}  # 0.95 x 400,000 / 200
        floor.pass_time(days=1)
    assert floor.reason(again) == ("DROPPED", "NO_CHANGE")


def test_a_smaller_target_weight_is_an_exit_and_zero_the_last_one(floor: Floor) -> None:
    floor.market("ETF:MTUM", "200")
    floor.send(weight(0.5))
    floor.work_off()
    assert floor.positions() == {"ETF:MTUM": Decimal(1000)}
    floor.market("ETF:MTUM", "201")
    smaller = floor.send(weight(0.25))
    floor.work_off()
    # A quarter of 0.4 x 1,000,995 at 201: 498.006 are to be held.
    assert floor.positions() == {"ETF:MTUM": Decimal(499)}
    floor.send(weight(0))
    floor.work_off()
    floor.assert_flat()
    assert floor.reason(smaller)[0] == "APPROVED"
    # 1000 x 1.00 - 5.00 - 2.505 (rounded to even: 2.50) - 2.495 (2.50)
    assert result(floor, "ETF:MTUM") == Decimal("990.00")


def test_an_untyped_exit_of_an_entry_that_we_dropped_is_no_order(floor: Floor) -> None:
    floor.market("STOCK:LLY", "363")
    floor.pass_time(minutes=20)
    floor.market("STOCK:LLY", "363")
    entry = floor.send(order(ticker="LLY", action="BUY", price="362.76", quantity=27))
    floor.work_off()
    assert floor.reason(entry) == ("DROPPED", "DROPPED_STALE")
    leaving = floor.send(order(floor.now, ticker="LLY", action="SELL", price="363.098", quantity=27))
    floor.work_off()
    assert floor.reason(leaving) == ("DROPPED", "NO_POSITION")
    assert floor.orders() == ()


def test_an_untyped_entry_and_exit(floor: Floor) -> None:
    floor.market("STOCK:LLY", "363")
    floor.send(order(ticker="LLY", action="BUY", price="362.76", quantity=27))
    floor.work_off()
    assert floor.positions() == {"STOCK:LLY": Decimal(108)}
    floor.send(order(ticker="LLY", action="SELL", price="363.098", quantity=27))
    floor.work_off()
    floor.assert_flat()
    assert result(floor, "STOCK:LLY") == Decimal("-2.00")


@pytest.mark.parametrize("after", [Decimal("0.5"), Decimal(1)])
def test_a_scale_in_and_scale_out(floor: Floor, after: Decimal) -> None:
    floor.market("STOCK:KO", "60")
    entry = floor.send(sized("ENTRY", leg("BUY", 100, "KO")))
    floor.work_off()
    floor.send(sized("SCALE_IN", leg("BUY", 100, "KO"), entry_signal_id=entry))
    floor.work_off()
    assert floor.positions() == {"STOCK:KO": Decimal(800)}
    part = int(200 * after)
    floor.send(sized("SCALE_OUT", leg("SELL", part, "KO")))
    floor.work_off()
    assert floor.positions().get("STOCK:KO", 0) == 800 * (1 - after)


def test_strategies_do_not_close_each_others_positions(floor: Floor) -> None:
    floor.market("ETF:MTUM", "200")
    floor.send(weight(0.5))
    entry = floor.send(sized("ENTRY", leg("BUY", 10, "MTUM", instrument_type="ETF")))
    floor.work_off()
    floor.send(sized("EXIT", leg("SELL", 10, "MTUM", instrument_type="ETF"), entry_signal_id=entry))
    floor.work_off()
    assert floor.at_broker() == {"ETF:MTUM": Decimal(1000)}
    assert floor.book_of(WEIGHED, "ETF:MTUM").quantity == 1000
