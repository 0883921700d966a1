"""A position's average capital: its value at the start, what was added from its day on, what left until then."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import Trade, position_capital
from fund_pipeline_tests.accounts.performance.series import LAW

trades = st.lists(
    st.tuples(st.integers(1, 10), st.integers(-50, 50).filter(bool), st.decimals("0.01", "500", places=2)), max_size=8
)


def trade(number: int, quantity: int, price: Decimal | int | str) -> Trade:
    return Trade(number, Decimal(quantity), quantity * Decimal(price))


@pytest.mark.parametrize(
    ("several", "expected"),
    [
        ([], 500),  # the value at the start
        ([trade(1, 5, 120)], 500 + 600),  # there all ten days
        ([trade(10, 5, 120)], 500 + 60),  # there on the last day
        ([trade(1, -5, 120)], 50),  # there on the first day
        ([trade(10, -5, 120)], 500),  # there until the last day's end
        ([trade(5, -2, 120)], 500 - 2 * 50),  # two of five leave at cost, and are away for half of the days
        ([trade(6, 5, 200), trade(8, -5, 50)], 500 + 500 - Decimal("0.2") * 750),  # five of ten, at 150 on average
        (
            [trade(6, -8, 110)],
            500 - Decimal("0.4") * 500 - Decimal("0.5") * 330,
        ),  # closed, and three short from then on
        ([trade(6, 1, 100), trade(6, -1, 300)], 500 + 50 - Decimal("0.4") * 100),  # a day's gain shrinks no capital
    ],
)
def test_capital_counts_by_the_days_it_was_there(several: list[Trade], expected: Decimal) -> None:
    assert position_capital(Decimal(5), Decimal(500), several, 10) == expected


def entry(number: int, quantity: int, value: int) -> Trade:
    return Trade(number, Decimal(quantity), Decimal(value), is_entry=True)


@pytest.mark.parametrize(
    ("held", "worth", "several", "expected"),
    [
        (5, 500, [entry(3, 5, 0)], 500),  # split: twice as many at the same cost
        (5, 500, [entry(3, -4, 0)], 500),  # and the other way round
        (-5, -500, [entry(3, -5, 0)], -500),
        (5, 500, [entry(3, 0, 20)], 500 + 16),  # told anew at another price
        (0, 0, [entry(6, 5, 500)], 250),  # given to this strategy
        (5, 500, [entry(6, -5, -450)], 250),  # taken from that one: nothing is left of its cost
        (5, 500, [entry(3, 5, 0), trade(6, -10, 70)], 500 - Decimal("0.4") * 500),
    ],
)
def test_an_entry_into_the_books_is_no_trade_and_has_no_day_twice(
    held: int, worth: int, several: list[Trade], expected: Decimal
) -> None:
    assert position_capital(Decimal(held), Decimal(worth), several, 10) == expected


def test_a_short_has_capital_below_zero() -> None:
    assert position_capital(Decimal(-5), Decimal(-500), [trade(5, 5, 90)], 10) == -250
    assert position_capital(Decimal(0), Decimal(0), [trade(3, -5, 90), trade(3, 5, 80)], 10) == -45


@given(trades)
@LAW
def test_buys_and_sales_mirrored_have_the_opposite_capital(several: list[tuple[int, int, Decimal]]) -> None:
    ordered = sorted(several, key=lambda one: one[0])
    there = position_capital(Decimal(0), Decimal(0), [trade(*one) for one in ordered], 10)
    mirrored = position_capital(Decimal(0), Decimal(0), [trade(day, -each, at) for day, each, at in ordered], 10)
    assert there == mirrored.copy_negate()


@given(trades.filter(bool))
@LAW
def test_what_was_only_ever_bought_and_sold_again_had_capital(several: list[tuple[int, int, Decimal]]) -> None:
    """Never nothing, whatever was gained or lost: a profit always has something it was made on."""
    held, done = 0, []
    for day, quantity, price in sorted(several, key=lambda one: one[0]):
        sold = max(quantity, -held)
        if sold:
            done.append(trade(day, sold, price))
        held += sold
    found = position_capital(Decimal(0), Decimal(0), done, 10)
    assert found > 0 if done else found == 0
