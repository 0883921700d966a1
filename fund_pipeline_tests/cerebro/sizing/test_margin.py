"""Margin models against figures that can be reckoned by hand, and against the Cboe's own examples."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.cerebro.sizing import DecisionReason
from fund_pipeline.cerebro.sizing.options_margin import OptionLine, naked_margin, options_margin
from fund_pipeline.terms import AssetClass, Right, Side
from fund_pipeline_tests.cerebro.sizing.worlds import (
    BTC,
    CALL_450,
    GC,
    D,
    account,
    decided,
    leg,
    quotes,
    signal,
    world,
)


def line(right: Right, strike: object, quantity: object, price: object, expiry: str = "20251219") -> OptionLine:
    return OptionLine(
        right=right,
        strike=D(str(strike)),
        expiry=expiry,
        quantity=D(str(quantity)),
        price=D(str(price)),
        multiplier=D(100),
    )


@pytest.mark.parametrize(
    ("right", "strike", "price", "underlying", "margin"),
    [
        (Right.PUT, 80, 2, 95, 1000),  # short 80 put at 2, stock 95: 10 % of the strike is more
        (Right.PUT, 95, "3.5", 99, 1930),  # 350 + 1980 - 400
        (Right.CALL, 120, "8.4", "128.50", 3410),  # 840 + 2570
        (Right.CALL, 120, 1, 100, 1100),  # far out of the money: 10 % of the underlying
    ],
)
def test_a_naked_short_takes_the_exchange_minimum(right, strike, price, underlying, margin) -> None:
    """Formula of the Cboe Margin Manual (short option on an equity): the figures follow from it by hand."""
    assert naked_margin(line(right, strike, -1, price), D(str(underlying))) == margin


def test_long_options_take_their_premium() -> None:
    assert options_margin([line(Right.CALL, 450, 2, 12), line(Right.PUT, 450, 1, 9)], None) == 3300


@pytest.mark.parametrize(
    ("lines", "loss"),
    [
        ([line(Right.CALL, 450, 1, 12), line(Right.CALL, 460, -1, 7)], 500),
        ([line(Right.CALL, 450, -1, 12), line(Right.CALL, 460, 1, 7)], 500),
        ([line(Right.PUT, 460, -1, 12), line(Right.PUT, 450, 1, 7)], 500),
        (
            [
                line(Right.PUT, 440, 1, 2),
                line(Right.PUT, 445, -1, 3),
                line(Right.CALL, 455, -1, 3),
                line(Right.CALL, 465, 1, 1),
            ],
            700,
        ),
        ([line(Right.CALL, 440, 1, 12), line(Right.CALL, 450, -2, 6), line(Right.CALL, 460, 1, 2)], 200),
        ([line(Right.CALL, 450, -1, 5), line(Right.CALL, 450, 1, 9, "20260320")], 400),
    ],
    ids=["debit", "credit", "puts", "condor", "butterfly", "calendar"],
)
def test_defined_risk_takes_its_greatest_loss(lines, loss) -> None:
    assert options_margin(lines, None) == loss


def test_cover_that_expires_before_what_it_covers_is_none() -> None:
    lines = [line(Right.CALL, 450, -1, 9, "20260320"), line(Right.CALL, 440, 1, 5)]
    assert options_margin(lines, D(450)) == 500 + naked_margin(lines[0], D(450))


def test_a_ratio_that_sells_more_than_it_buys_is_naked() -> None:
    lines = [line(Right.CALL, 450, 1, 12), line(Right.CALL, 460, -2, 7)]
    assert options_margin(lines, D(455)) == 1200 + naked_margin(lines[1], D(455))
    assert options_margin(lines, None) is None


LINES = st.builds(
    line,
    st.sampled_from(Right),
    st.integers(80, 120),
    st.integers(-3, 3).filter(bool),
    st.integers(1, 20),
)


@given(st.lists(LINES, min_size=1, max_size=4), st.integers(1, 5))
def test_margin_of_several_units_is_that_of_one_times_their_number(lines, count) -> None:
    several = [OptionLine(**{**one.__dict__, "quantity": one.quantity * count}) for one in lines]
    assert options_margin(several, D(100)) == count * options_margin(lines, D(100))


@given(st.lists(LINES, min_size=1, max_size=4), st.integers(0, 300))
def test_defined_risk_never_loses_more_than_its_margin(lines, price) -> None:
    margin = options_margin(lines, None)
    if margin is None:
        return

    def worth(one: OptionLine) -> Decimal:
        inside = price - one.strike if one.right is Right.CALL else one.strike - price
        return (max(inside, D(0)) - one.price) * one.quantity * one.multiplier

    assert sum(worth(one) for one in lines) >= -margin


def test_futures_take_their_margin_per_contract() -> None:
    assert decided(signal(leg(GC, quantity=1)), world()).orders[0].reserved_margin == 10000


def test_coins_take_their_whole_notional_unless_the_venue_says_less() -> None:
    entry = signal(leg(BTC, quantity=1))
    assert decided(entry, world()).orders[0].reserved_margin == 95000
    lenient = account(margin_per_unit={BTC: D(19000)})
    assert decided(entry, world(account=lenient)).orders[0].reserved_margin == 19000


def test_a_naked_short_without_its_underlyings_price_is_refused() -> None:
    only = {CALL_450: quotes()[CALL_450]}
    decision = decided(signal(leg(CALL_450, Side.SELL, 1)), world(quotes=only))
    assert decision.reason is DecisionReason.NO_MARGIN_RATE
    decision = decided(signal(leg(CALL_450, Side.SELL, 1)), world())
    assert decision.orders[0].reserved_margin == (12 + D("0.2") * 455) * 100


def test_every_asset_class_has_a_model() -> None:
    from fund_pipeline.cerebro.sizing import SizingRules

    own = {AssetClass.FUTURE, AssetClass.OPTION}
    assert set(SizingRules().margin_rates) | own == set(AssetClass)
