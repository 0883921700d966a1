"""A profit told apart by strategy, instrument and asset class: the parts sum to it, in one period and over many."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import (
    Dimension,
    NotDefined,
    TradedLine,
    attribute,
    link,
    link_contributions,
)
from fund_pipeline.errors import InputError
from fund_pipeline_tests.accounts.performance.series import LAW

money = st.decimals("-1000000", "1000000", places=4)
lines = st.lists(
    st.builds(
        TradedLine,
        st.sampled_from("ABC"),
        st.sampled_from(["STOCK:KO", "FUTURE:ES"]),
        st.just("STOCK"),
        money,
        money,
        money,
        money,
    ),
    max_size=8,
)


@given(lines, money, money, st.sampled_from(Dimension))
@LAW
def test_the_parts_sum_to_the_total_exactly(
    several: list[TradedLine], not_traded: Decimal, total: Decimal, by: Dimension
) -> None:
    found = attribute(several, by, not_traded=not_traded, total=total, capital=Decimal(1000))
    assert sum(one.profit for one in found.parts) == total
    named = {one.name: one.profit for one in found.parts}
    for name in {one.name(by) for one in several}:
        assert named[name] == sum(one.profit for one in several if one.name(by) == name)


def test_what_a_line_made_is_its_change_and_the_cash_that_it_brought() -> None:
    line = TradedLine("A", "STOCK:KO", "STOCK", Decimal(1000), Decimal("-501"), Decimal(1600), Decimal(1500))
    found = attribute([line], Dimension.STRATEGY, not_traded=Decimal(-9), total=Decimal(100), capital=Decimal(2000))
    assert [(one.name, one.profit) for one in found.parts] == [
        ("A", 99),
        ("fees, dividends and interest", -9),
        ("currencies held, and what the books do not explain", 10),
    ]
    assert found.parts[0].contribution == Decimal("0.0495")
    none = attribute([line], Dimension.STRATEGY, not_traded=Decimal(0), total=Decimal(99), capital=Decimal(0))
    assert [one.contribution for one in none.parts] == [NotDefined.NO_CAPITAL]


@given(st.lists(st.lists(st.decimals("-0.2", "0.3", places=5), min_size=3, max_size=3), min_size=1, max_size=6))
@LAW
def test_linked_contributions_sum_to_the_linked_return(periods: list[list[Decimal]]) -> None:
    found = link_contributions([dict(zip("abc", period, strict=True)) for period in periods])
    whole = link(sum(period, Decimal(0)) for period in periods)
    assert abs(sum(found.values()) - whole) < Decimal("1e-26")


def test_periods_that_cannot_be_linked_are_refused() -> None:
    with pytest.raises(InputError, match="no period"):
        link_contributions([])
    with pytest.raises(InputError, match="lost everything"):
        link_contributions([{"a": Decimal(-1)}])
