"""The four sizing modes, the bound of capital, and prices."""

from __future__ import annotations

import pytest

from fund_pipeline.cerebro.sizing import DecisionReason, Quote, Terms
from fund_pipeline.terms import DecisionOutcome, OrderType, Side, SizingMode
from fund_pipeline_tests.cerebro.sizing.worlds import (
    AAPL,
    BTC,
    EURUSD,
    NVDA,
    D,
    account,
    decided,
    fund,
    held,
    leg,
    quote,
    quotes,
    signal,
    sizes,
    strategy,
    terms,
    working,
    world,
)


def test_the_registered_sender_equity_stands_in_for_the_signals() -> None:
    facts = world(strategy=strategy(sender_equity=D(250000)))
    assert sizes(decided(signal(sender_equity=None), facts)) == {AAPL: 20}


def test_the_signals_own_sender_equity_comes_first() -> None:
    facts = world(strategy=strategy(sender_equity=D(1)))
    assert sizes(decided(signal(), facts)) == {AAPL: 10}


@pytest.mark.parametrize("equity", [None, D(0), D(-1)])
def test_scaling_without_a_sender_equity_is_refused(equity) -> None:
    decision = decided(signal(sender_equity=equity), world())
    assert (decision.outcome, decision.reason) == (DecisionOutcome.REJECTED, DecisionReason.NO_SENDER_EQUITY)


def test_full_capital_buys_what_the_capital_pays() -> None:
    facts = world(strategy=strategy(sizing=SizingMode.FULL_CAPITAL), account=account(equity=D(10000000)))
    assert sizes(decided(signal(leg(quantity=None), sender_equity=None), facts)) == {AAPL: 3333}


def test_full_capital_is_shared_over_legs_by_their_notional() -> None:
    facts = world(strategy=strategy(sizing=SizingMode.FULL_CAPITAL), account=account(equity=D(10000000)))
    decision = decided(signal(leg(quantity=100), leg(NVDA, Side.SELL, 10)), facts)
    assert sizes(decision) == {AAPL: 2500, NVDA: -250}


def test_a_fixed_percentage_takes_the_place_of_the_weight() -> None:
    facts = world(strategy=strategy(sizing=SizingMode.FIXED_PCT, fixed_pct=D("0.05")))
    decision = decided(signal(leg(quantity=None)), facts)
    assert sizes(decision) == {AAPL: 333}
    assert decision.figures["capital"]["sizing"] == "50000"


def test_a_fixed_percentage_above_the_weight_is_bound_by_what_was_approved() -> None:
    facts = world(
        strategy=strategy(sizing=SizingMode.FIXED_PCT, fixed_pct=D("0.6")), fund=fund(weights={"S": D("0.3")})
    )
    decision = decided(signal(leg(quantity=None)), facts)
    assert (decision.reason, sizes(decision)) == (DecisionReason.CAPITAL_IN_USE, {AAPL: 2000})


def test_a_fixed_percentage_that_is_not_configured_is_refused() -> None:
    decision = decided(signal(), world(strategy=strategy(sizing=SizingMode.FIXED_PCT)))
    assert decision.reason is DecisionReason.NO_PERCENTAGE


def test_a_quantity_where_a_target_weight_is_due_is_refused() -> None:
    decision = decided(signal(), world(strategy=strategy(sizing=SizingMode.TARGET_WEIGHT)))
    assert decision.reason is DecisionReason.NO_TARGET


def test_the_rungs_of_a_ladder_are_alike() -> None:
    facts = world()
    first = decided(signal(leg(quantity=100)), facts)
    later = decided(signal(leg(quantity=100)), world(positions=(held(quantity=100),)))
    assert sizes(first) == sizes(later) == {AAPL: 100}


@pytest.mark.parametrize(("max_gross", "expected"), [(None, 333), (D("0.5"), None), (D(1), 333), (D("1.5"), 2000)])
def test_notional_in_use_and_new_stays_within_capital_times_max_gross(max_gross, expected) -> None:
    facts = world(
        strategy=strategy(max_gross=max_gross),
        account=account(equity=D(10000000)),
        positions=(held(NVDA, -500),),
        orders=(working(notional=D(200000)),),
    )
    decision = decided(signal(leg(quantity=2000)), facts)
    assert decision.figures["capital"]["in_use"] == "450000"
    if expected is None:
        assert (decision.outcome, decision.reason) == (DecisionOutcome.REJECTED, DecisionReason.CAPITAL_IN_USE)
    else:
        assert sizes(decision) == {AAPL: expected}


def test_another_strategys_and_another_funds_notional_is_not_in_use() -> None:
    facts = world(
        accounts=[account(), account("B", fund_id="G")],
        positions=(held(NVDA, 900, strategy="T"), held(NVDA, 900, account_id="B")),
        orders=(working(strategy="T", notional=D(400000)),),
    )
    assert decided(signal(), facts).figures["capital"]["in_use"] == "0"


def test_a_working_exit_is_not_notional_in_use() -> None:
    from fund_pipeline.terms import OrderRole

    facts = world(orders=(working(OrderRole.EXIT, notional=D(400000)),))
    assert decided(signal(), facts).figures["capital"]["in_use"] == "0"


def test_notional_is_in_the_funds_currency() -> None:
    facts = world(fund=fund(currency="EUR"), fx={("EUR", "USD"): D("1.25")})
    decision = decided(signal(leg(quantity=100)), facts)
    assert decision.figures["legs"][0]["wanted_notional"] == "12000"


def test_a_missing_rate_is_never_a_trade() -> None:
    decision = decided(signal(), world(fund=fund(currency="EUR")))
    assert (decision.outcome, decision.reason) == (DecisionOutcome.REJECTED, DecisionReason.NO_FX_RATE)


@pytest.mark.parametrize(
    ("given", "quote_given", "price"),
    [
        (leg(), Quote(bid=D(149), ask=D(151), last=D(150), age_seconds=1), "151"),
        (leg(side=Side.SELL), Quote(bid=D(149), ask=D(151), last=D(150), age_seconds=1), "149"),
        (leg(order_type=OrderType.LIMIT, limit_price=D(140)), quote(150), "140"),
        (leg(side=Side.SELL, order_type=OrderType.LIMIT, limit_price=D(160)), quote(150), "160"),
        (leg(order_type=OrderType.STOP, stop_price=D(160)), quote(150), "160"),
        (leg(order_type=OrderType.LIMIT, limit_price=D("140.009")), quote(150), "140"),
    ],
)
def test_the_sizing_price_is_what_the_order_pays_at_most(given, quote_given, price) -> None:
    decision = decided(signal(given), world(quotes={AAPL: quote_given}))
    assert decision.figures["legs"][0]["price"] == price


def test_fractions_of_coins_follow_their_step_and_below_the_minimum_are_too_small() -> None:
    assert sizes(decided(signal(leg(BTC, quantity="0.5559")), world())) == {BTC: D("0.555")}
    decision = decided(signal(leg(BTC, quantity="0.0099")), world())
    assert (decision.outcome, decision.reason) == (DecisionOutcome.REJECTED, DecisionReason.TOO_SMALL)


def test_less_than_one_share_is_too_small() -> None:
    decision = decided(signal(leg(quantity="0.9")), world())
    assert (decision.reason, decision.orders) == (DecisionReason.TOO_SMALL, ())


def test_a_third_of_six_hundred_is_two_hundred() -> None:
    facts = world(strategy=strategy(max_gross=D("0.06")), positions=(held(quantity=0),))
    decision = decided(signal(leg(quantity=600)), facts)
    assert sizes(decision) == {AAPL: 200}


def test_margin_of_currencies_is_three_percent() -> None:
    decision = decided(signal(leg(EURUSD, quantity=100000)), world())
    assert decision.orders[0].reserved_margin == 3300


def test_the_multiplier_counts() -> None:
    small = Terms(lot_step=D(1), multiplier=D(10), currency="USD")
    decision = decided(signal(), world(terms=terms() | {AAPL: small}, quotes=quotes()))
    assert decision.figures["legs"][0]["wanted_notional"] == "15000"
