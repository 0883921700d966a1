"""WORKED_EXAMPLES 9 to 11, exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fund_pipeline.cerebro.sizing import AlphaPolicy, DecisionReason, Quote
from fund_pipeline.terms import DecisionOutcome, Side
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    D,
    account,
    decided,
    fund,
    held,
    leg,
    quote,
    signal,
    sizes,
    strategy,
    world,
)


def test_capital_for_a_signal_scales_by_allocated_capital_and_rounds_down() -> None:
    """Example 9: capital 893,579.34 against 500,000, 10 AAPL at 150: factor 1.787159, 17.87, 17 shares."""
    rich = fund(equity=D("1787158.68"), day_start_equity=D("1787158.68"))
    decision = decided(signal(leg(quantity=10)), world(fund=rich))
    figures = decision.figures
    assert figures["capital"]["allocated"] == "893579.34"
    assert round(D(figures["sizing"]["factor"]), 6) == D("1.787159")
    assert round(D(figures["legs"][0]["wanted"]), 2) == D("17.87")
    assert (decision.outcome, decision.reason, sizes(decision)) == (
        DecisionOutcome.APPROVED,
        DecisionReason.SIZED,
        {AAPL: 17},
    )


def test_capital_in_use_leaves_room_for_a_fifth_of_it() -> None:
    """Example 9: fund 750,000 at 10 % is 75,000; 20 % of the sender's equity is 15,000; 25,000 + 15,000 ≤ 75,000."""
    facts = world(
        fund=fund(equity=D(750000), day_start_equity=D(750000), weights={"S": D("0.1")}),
        positions=(held("STOCK:NVDA", 50),),
    )
    decision = decided(signal(leg(quantity=1000), sender_equity=D(750000)), facts)
    capital = decision.figures["capital"]
    assert (capital["allocated"], capital["in_use"], capital["bound"]) == ("75000", "25000", "75000")
    assert decision.figures["legs"][0]["wanted_notional"] == "15000"
    assert (decision.outcome, sizes(decision)) == (DecisionOutcome.APPROVED, {AAPL: 100})


def test_margin_cuts_to_exactly_the_limit() -> None:
    """Example 10: equity 100,000, used 30,000, rate 50 %, price 100, 500 shares wanted: 200 shares, margin 10,000."""
    facts = world(account=account(equity=D(100000), margin_used=D(30000)), quotes={AAPL: quote(100)})
    decision = decided(signal(leg(quantity=500)), facts)
    row = decision.figures["accounts"][0]
    assert (decision.outcome, decision.reason, sizes(decision)) == (
        DecisionOutcome.RESIZED,
        DecisionReason.MARGIN_LIMIT,
        {AAPL: 200},
    )
    assert decision.orders[0].reserved_margin == 10000
    assert (row["margin_before"], row["margin_new"], row["margin_after"], row["margin_limit"]) == (
        "30000",
        "10000",
        "40000",
        "40000",
    )


@pytest.mark.parametrize(
    ("side", "market", "share", "dropped"),
    [
        (Side.BUY, "100.70", "0.35", True),
        (Side.BUY, "100.60", "0.3", False),
        (Side.BUY, "100.50", "0.25", False),
        (Side.BUY, "95", "-2.5", False),
        (Side.SELL, "99.30", "0.35", True),
        (Side.SELL, "99.40", "0.3", False),
        (Side.SELL, "99.50", "0.25", False),
        (Side.SELL, "105", "-2.5", False),
    ],
)
def test_slippage_beyond_thirty_percent_of_the_alpha_drops(side: Side, market: str, share: str, dropped: bool) -> None:
    """Example 11: a signal at 100 with an expected alpha of 2 %."""
    eager = strategy(expected_alpha=D("0.02"), alpha_policy=AlphaPolicy.DROP)
    facts = world(strategy=eager, quotes={AAPL: quote(market)})
    decision = decided(signal(leg(side=side, reference_price=D(100))), facts)
    found = next(row for row in decision.figures["limits"] if row["limit"] == "slippage")
    assert D(found["share"]) == Decimal(share)
    assert (decision.reason is DecisionReason.DROPPED_SLIPPAGE) is dropped
    assert decision.outcome is (DecisionOutcome.DROPPED if dropped else DecisionOutcome.APPROVED)


def test_slippage_is_measured_at_the_ask_for_a_buy_and_at_the_bid_for_a_sale() -> None:
    wide = Quote(bid=D("99.3"), ask=D("100.7"), last=D(100), age_seconds=1)
    facts = world(strategy=strategy(expected_alpha=D("0.02")), quotes={AAPL: wide})
    for side in Side:
        decision = decided(signal(leg(side=side, reference_price=D(100))), facts)
        assert decision.reason is DecisionReason.DROPPED_SLIPPAGE
