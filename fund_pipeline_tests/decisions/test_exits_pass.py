"""Exits are never blocked by what blocks entries."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import update

from fund_pipeline.execution.port import OrderRequest
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.halts import set_halt
from fund_pipeline.ledger.model import StrategyStatus
from fund_pipeline.terms import AssetClass, HaltState, OrderType, Side
from fund_pipeline_tests.decisions.floor import ACT, STRATEGY, WEIGHED, Floor, leg
from fund_pipeline_tests.decisions.scenarios import sized

KEY = "STOCK:AAPL"


def no_weight(floor: Floor) -> None:
    floor.allocate(**{WEIGHED: "0.4"})


def inactive(floor: Floor) -> None:
    floor.change_strategy(status=StrategyStatus.INACTIVE)


def lost_today(floor: Floor) -> None:
    floor.market(KEY, "30", "30.01")


def margin_full(floor: Floor) -> None:
    floor.change_fund(sizing={"margin_cap": "0.001"})


def old_quote(floor: Floor) -> None:
    floor.pass_time(minutes=10)


def old_signal(floor: Floor) -> None:
    floor.pass_time(hours=2)


def differing_books(floor: Floor) -> None:
    by_hand = OrderRequest(
        "", KEY, AssetClass.STOCK, Side.BUY, Decimal(7), OrderType.MARKET, None, None, Decimal(1), "USD"
    )
    floor.paper.trade_by_hand(by_hand, Decimal(150))


def reducing(floor: Floor) -> None:
    set_halt(floor.ledger, "demo", HaltState.ACTIVE, HaltState.REDUCING, "for a test", ACT)


def closed_account(floor: Floor) -> None:
    with floor.ledger.writing() as connection:
        connection.execute(update(tables.accounts).values(status="CLOSED"))
    floor.connect()


def no_account(floor: Floor) -> None:
    floor.change_strategy(accounts=())


def no_alpha(floor: Floor) -> None:
    floor.change_strategy(risk_limits={"alpha_policy": "drop"})


def too_many(floor: Floor) -> None:
    limits = {"max_open_positions": 1, "max_orders_per_minute": 1, "max_position_notional": "1"}
    floor.change_strategy(risk_limits=limits | {"max_strategy_notional": "1", "alpha_policy": "trade"})


def wrong_limits(floor: Floor) -> None:
    floor.change_strategy(risk_limits={"max_open_positions": "none"})


def wrong_fund_limits(floor: Floor) -> None:
    floor.change_fund(sizing={"margin_cap": 7})


RULES = {
    "NOT_ALLOCATED": no_weight,
    "STRATEGY_INACTIVE": inactive,
    "DAILY_LOSS": lost_today,
    "MARGIN_LIMIT": margin_full,
    "STALE_QUOTE": old_quote,
    "DROPPED_STALE": old_signal,
    "NOT_RECONCILED": differing_books,
    "REDUCING": reducing,
    "NO_EQUITY": closed_account,
    "NO_ACCOUNT": no_account,
    "ALPHA_UNKNOWN": no_alpha,
    "STRATEGY_LIMIT": too_many,
}
WRONG = {"STRATEGY_NOT_ACTIVE": wrong_limits, "NO_ACTIVE_ALLOCATION": wrong_fund_limits}


def entered(floor: Floor) -> str:
    floor.market(KEY, "150", "150.10")
    entry = floor.send(sized("ENTRY", leg("BUY", 100)))
    floor.work_off()
    assert floor.positions() == {KEY: Decimal(400)}
    return entry


def left(floor: Floor, entry: str) -> tuple[str, str]:
    """Send the exit, stamped with the time of the entry; why it was decided so."""
    leaving = floor.send(sized("EXIT", leg("SELL", 100), entry_signal_id=entry))
    floor.work_off()
    return floor.reason(leaving)


@pytest.mark.parametrize(
    ("reason", "block"), [*RULES.items(), *WRONG.items()], ids=lambda one: getattr(one, "__name__", "")
)
def test_what_blocks_an_entry_does_not_block_an_exit(floor: Floor, reason: str, block: Callable[[Floor], None]) -> None:
    entry = entered(floor)
    block(floor)
    another = floor.send(sized("ENTRY", leg("BUY", 100)))
    floor.work_off()
    assert floor.reason(another)[1] == reason
    assert floor.book_of(STRATEGY, KEY).quantity == 400
    assert left(floor, entry) == ("APPROVED", "CLOSES")
    assert floor.book_of(STRATEGY, KEY).is_flat


def test_all_of_it_at_once_does_not_block_an_exit(floor: Floor) -> None:
    entry = entered(floor)
    for block in RULES.values():
        block(floor)
    assert left(floor, entry) == ("APPROVED", "CLOSES")
    assert floor.book_of(STRATEGY, KEY).is_flat
    assert floor.at_broker() == {KEY: Decimal(7)}


def test_a_halt_queues_an_exit_and_pages_until_trading_is_resumed(floor: Floor) -> None:
    entry = entered(floor)
    set_halt(floor.ledger, "demo", HaltState.ACTIVE, HaltState.HALTED, "for a test", ACT)
    assert left(floor, entry) == ("APPROVED", "EXIT_QUEUED")
    assert floor.positions() == {KEY: Decimal(400)}
    assert "EXIT_QUEUED" in floor.alerts()
    set_halt(floor.ledger, "demo", HaltState.HALTED, HaltState.ACTIVE, "for a test", ACT)
    floor.follow()
    floor.follow()
    floor.assert_flat()


def test_a_strategy_that_has_left_the_allocation_is_served_in_the_same_batch_as_another(floor: Floor) -> None:
    entry = entered(floor)
    floor.allocate(**{STRATEGY: "0"})
    refused = floor.send(sized("ENTRY", leg("BUY", 100)))
    leaving = floor.send(sized("EXIT", leg("SELL", 100), entry_signal_id=entry))
    floor.work_off()
    assert floor.reason(refused)[1] == "NOT_ALLOCATED"
    assert floor.reason(leaving)[0] == "APPROVED"
    assert floor.positions() == {}
