"""Nothing leaves above a limit: alone, by two signals in one batch, or while an earlier order is anything but dead."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import record
from fund_pipeline.accounts.halts import lift_drawdown
from fund_pipeline.decisions.days import open_days
from fund_pipeline.execution import submit_intents
from fund_pipeline.execution.brokers.paper import Fault, FaultKind, book
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline_tests.decisions.floor import ACT, TRADE, Floor, leg, signal
from fund_pipeline_tests.decisions.scenarios import sized

PRICE = Decimal(100)

LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    # What the strategy has, what the fund has, and how many shares at 100 may be bought at most.
    "capital": ({"max_gross": Decimal(1)}, {}, 4000),
    "margin": ({}, {"sizing": {"margin_cap": "0.1"}}, 2000),
    "position notional": ({"risk_limits": TRADE | {"max_position_notional": "150000"}}, {}, 1500),
    "position share": ({"risk_limits": TRADE | {"max_position_share": "0.12"}}, {}, 1200),
    "strategy notional": ({"risk_limits": TRADE | {"max_strategy_notional": "150000"}}, {}, 1500),
    "strategy share": ({"risk_limits": TRADE | {"max_strategy_share": "0.12"}}, {}, 1200),
}
cases = pytest.mark.parametrize("limit", LIMITS)


def limited(floor: Floor, limit: str) -> int:
    """Set a limit; the most shares it allows."""
    of_strategy, of_fund, most = LIMITS[limit]
    floor.market("STOCK:AAPL", "100")
    floor.change_strategy(**of_strategy)
    floor.change_fund(**of_fund)
    return most


def ordered(floor: Floor) -> Decimal:
    """Shares in all entries that were ever to leave."""
    return sum((one.quantity for one in floor.orders()), Decimal(0))


def buy(floor: Floor, shares: int) -> str:
    """An entry that wants so many shares for us."""
    return floor.send(signal("ENTRY", leg("BUY", shares), account_equity=400_000))


@cases
def test_one_signal_is_cut_to_the_limit(floor: Floor, limit: str) -> None:
    most = limited(floor, limit)
    cut = buy(floor, 10_000)
    floor.work_off()
    assert floor.reason(cut)[0] == "RESIZED"
    assert ordered(floor) == most


@cases
def test_two_signals_of_one_batch_stay_within_it_together(floor: Floor, limit: str) -> None:
    most = limited(floor, limit)
    for _ in range(3):
        buy(floor, 700)
    floor.work_off()
    assert ordered(floor) == min(most, 2100)


@cases
def test_intents_of_an_earlier_batch_count(floor: Floor, limit: str) -> None:
    most = limited(floor, limit)
    for _ in range(3):
        buy(floor, 700)
        floor.decide()
    assert ordered(floor) == min(most, 2100)


@cases
def test_orders_of_unknown_fate_count(floor: Floor, limit: str) -> None:
    most = limited(floor, limit)
    for kind in (FaultKind.AWAY, FaultKind.LOST_ANSWER, FaultKind.AWAY):
        floor.paper.inject(Fault("submit", kind))
        buy(floor, 700)
        floor.decide()
        submit_intents(floor.ledger, floor.brokers, floor.clock)
    assert ordered(floor) <= most
    floor.pass_time(minutes=3)
    floor.market("STOCK:AAPL", "100")
    for _ in range(3):
        floor.follow()
    assert floor.at_broker().get("STOCK:AAPL", Decimal(0)) <= most
    assert floor.at_broker() == floor.positions()


@cases
def test_positions_count(floor: Floor, limit: str) -> None:
    most = limited(floor, limit)
    for _ in range(3):
        buy(floor, 700)
        floor.work_off()
        floor.market("STOCK:AAPL", "100")
    assert floor.positions()["STOCK:AAPL"] <= min(most, 2100)


def test_open_positions_are_counted_over_a_batch(floor: Floor) -> None:
    floor.change_strategy(risk_limits=TRADE | {"max_open_positions": 2})
    for symbol in ("AAPL", "KO", "PEP", "AMD"):
        floor.market(f"STOCK:{symbol}", "100")
        floor.send(sized("ENTRY", leg("BUY", 1, symbol)))
    floor.work_off()
    assert len(floor.positions()) == 2


def test_orders_per_minute_are_counted_over_batches(floor: Floor) -> None:
    floor.change_strategy(risk_limits=TRADE | {"max_orders_per_minute": 3})
    floor.market("STOCK:AAPL", "100")
    for _ in range(2):
        for _ in range(2):
            last = floor.send(sized("ENTRY", leg("BUY", 1)))
        floor.work_off()
    assert len(floor.orders()) == 3
    assert floor.reason(last) == ("REJECTED", "ORDERS_PER_MINUTE")
    floor.pass_time(minutes=1, seconds=1)
    floor.market("STOCK:AAPL", "100")
    assert floor.reason(_sent(floor))[0] == "APPROVED"


def _sent(floor: Floor) -> str:
    entry = floor.send(sized("ENTRY", leg("BUY", 1)))
    floor.work_off()
    return entry


def test_a_loss_of_the_day_ends_entries_until_the_next(floor: Floor) -> None:
    floor.market("STOCK:AAPL", "100")
    floor.send(sized("ENTRY", leg("BUY", 1000)))
    floor.work_off()
    floor.market("STOCK:AAPL", "95.02")
    assert floor.reason(_sent(floor)) == ("APPROVED", "SIZED")  # 4004 x 4.98 and 20.02 of commission: 1.996 %
    floor.market("STOCK:AAPL", "95")
    assert floor.reason(_sent(floor)) == ("REJECTED", "DAILY_LOSS")
    floor.market("STOCK:AAPL", "96")
    assert floor.reason(_sent(floor)) == ("REJECTED", "DAILY_LOSS")  # it was reached, and the day is not over
    assert "DAILY_LOSS" in floor.alerts()
    floor.pass_the_night()
    floor.market("STOCK:AAPL", "95")
    entry = floor.send(sized("ENTRY", leg("BUY", 1), at=floor.now))
    floor.work_off()
    assert floor.reason(entry) == ("APPROVED", "SIZED")


def test_a_day_of_which_nobody_knows_how_it_began_enters_nothing_till_a_person_opens_it(floor: Floor) -> None:
    floor.market("STOCK:AAPL", "100")
    assert floor.reason(_sent(floor)) == ("APPROVED", "SIZED")  # the fund's first day begins with its first word
    floor.pass_time(days=1)
    floor.market("STOCK:AAPL", "90")
    assert floor.reason(_entry_now(floor)) == ("REJECTED", "NO_DAY_START")
    (paper,) = open_days(floor.ledger, floor.sources, floor.clock, act=ACT, note="it was off over night")
    assert (paper.recorded_by, paper.mode) == ("test", TradingMode.PAPER)
    assert floor.reason(_entry_now(floor)) == ("APPROVED", "SIZED")


def test_a_drawdown_stop_holds_over_days_until_a_person_resumes(floor: Floor) -> None:
    floor.change_fund(sizing={"drawdown_stop": "0.03", "daily_loss": "0.5"})
    floor.market("STOCK:AAPL", "100")
    floor.send(sized("ENTRY", leg("BUY", 1000)))
    floor.work_off()
    for price, seen in (("98", "SIZED"), ("92", "DRAWDOWN_STOP"), ("101", "DRAWDOWN_STOP")):
        floor.market("STOCK:AAPL", price)
        assert floor.reason(_entry_now(floor))[1] == seen
    floor.pass_the_night()
    floor.market("STOCK:AAPL", "101")
    assert floor.reason(_entry_now(floor)) == ("REJECTED", "DRAWDOWN_STOP")
    assert "DRAWDOWN_STOP" in floor.alerts()
    lift_drawdown(floor.ledger, "demo", "reviewed", ACT)
    assert floor.reason(_entry_now(floor)) == ("APPROVED", "SIZED")


def test_a_deposit_hides_no_loss_of_the_day(floor: Floor) -> None:
    floor.market("STOCK:AAPL", "100")
    floor.send(sized("ENTRY", leg("BUY", 1000)))
    floor.work_off()
    floor.pass_time(minutes=5)
    with floor.paper._store.transaction() as db:
        book.add_cash(db, "USD", Decimal(50_000))
    flow = NewFlow("demo-paper", AskedKind.DEPOSIT, Decimal(50_000), "USD", floor.now, "wire 1")
    record(floor.ledger, flow, floor.sources.zone, Act("test", floor.now, "corr-1"))
    floor.market("STOCK:AAPL", "94.9")
    assert floor.reason(_entry_now(floor)) == ("REJECTED", "DAILY_LOSS")


def _entry_now(floor: Floor) -> str:
    entry = floor.send(sized("ENTRY", leg("BUY", 1), at=floor.now))
    floor.work_off()
    return entry
