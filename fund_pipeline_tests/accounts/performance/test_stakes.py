"""The sides of an attribution: a fund's weights sum to 1, its returns to its return, and effects to the difference."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import (
    CASH,
    Brinson,
    Dimension,
    Segment,
    Stake,
    TradedLine,
    brinson_fachler,
    linked,
    paired,
    portfolio_stakes,
)
from fund_pipeline.accounts.performance.figures import EXACT
from fund_pipeline.errors import InputError
from fund_pipeline_tests.accounts.performance.series import LAW

SMALL = Decimal("1e-25")
CAPITAL = Decimal(7000)
NAMES = ("STOCK", "FUTURE", "BOND", CASH)


def line(at_work: str, profit: str, asset_class: str = "STOCK", strategy: str = "A") -> TradedLine:
    closing = Decimal(at_work) + Decimal(profit)
    return TradedLine(
        strategy, f"{asset_class}:X", asset_class, Decimal(at_work), Decimal(0), closing, Decimal(at_work)
    )


@st.composite
def traded(draw: st.DrawFn) -> list[TradedLine]:
    """Longs of stocks and shorts of futures, with profits that leave the fund something."""
    longs = draw(st.lists(st.decimals("0.01", 9000, places=2), max_size=3))
    shorts = draw(st.lists(st.decimals(-3000, "-0.01", places=2), max_size=3))
    profit = st.decimals(-900, 900, places=2)
    return [
        *(line(str(one), str(draw(profit)), "STOCK") for one in longs),
        *(line(str(one), str(draw(profit)), "FUTURE") for one in shorts),
    ]


@st.composite
def benchmarks(draw: st.DrawFn) -> dict[str, Stake]:
    """Of some of the fund's segments, and one that it never has."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    weights = draw(st.lists(st.decimals(0, "0.4", places=6), min_size=len(names) - 1, max_size=len(names) - 1))
    weights = [*weights, 1 - sum(weights)]
    earned = st.decimals("-0.4", "0.4", places=6)
    return {name: Stake(weight, draw(earned)) for name, weight in zip(names, weights, strict=True)}


@st.composite
def periods(draw: st.DrawFn) -> tuple[Decimal, Brinson]:
    """The fund's return, and the effects against a benchmark."""
    total = draw(st.decimals(-1000, 1000, places=2))
    own = portfolio_stakes(draw(traded()), Dimension.ASSET_CLASS, total=total, capital=CAPITAL)
    return EXACT.divide(total, CAPITAL), brinson_fachler(paired(own, draw(benchmarks())))


@given(periods())
@LAW
def test_effects_sum_to_what_the_fund_made_less_what_the_benchmark_made(period: tuple[Decimal, Brinson]) -> None:
    earned, found = period
    assert abs(found.portfolio_return - earned) < SMALL
    assert abs(sum(one.total for one in found.segments) - found.difference) < SMALL
    assert abs(found.allocation + found.selection + found.interaction - (earned - found.benchmark_return)) < SMALL


@given(st.lists(periods(), min_size=1, max_size=5))
@LAW
def test_linked_effects_sum_to_the_linked_difference(several: list[tuple[Decimal, Brinson]]) -> None:
    growth = Decimal(1)
    for earned, _ in several:
        growth = EXACT.multiply(growth, 1 + earned)
    found = linked([one for _, one in several])
    assert abs(found.portfolio_return - (growth - 1)) < SMALL
    assert abs(sum(one.total for one in found.segments) - found.difference) < SMALL


@given(traded(), st.decimals(-1000, 1000, places=2), st.sampled_from(Dimension))
@LAW
def test_weights_sum_to_1_exactly(several: list[TradedLine], total: Decimal, by: Dimension) -> None:
    found = _stakes_or_why_not(several, by, total)
    if isinstance(found, str):
        assert "is 0, but it made" in found
        return
    assert sum(one.weight for one in found.values()) == 1


def _stakes_or_why_not(several: list[TradedLine], by: Dimension, total: Decimal) -> dict[str, Stake] | str:
    try:
        return portfolio_stakes(several, by, total=total, capital=CAPITAL)
    except InputError as refused:
        return refused.message


def test_cash_is_the_rest_of_capital_and_of_profit() -> None:
    lines = [line("300", "30"), line("100", "-10"), line("200", "5", "FUTURE")]
    found = portfolio_stakes(lines, Dimension.ASSET_CLASS, total=Decimal(33), capital=Decimal(1000))
    assert found == {
        "STOCK": Stake(Decimal("0.4"), Decimal("0.05")),
        "FUTURE": Stake(Decimal("0.2"), Decimal("0.025")),
        CASH: Stake(Decimal("0.4"), Decimal("0.02")),
    }


def test_what_was_neither_held_nor_traded_is_no_segment() -> None:
    found = portfolio_stakes([line("0", "0")], Dimension.STRATEGY, total=Decimal(0), capital=Decimal(10))
    assert found == {CASH: Stake(Decimal(1), Decimal(0))}


@pytest.mark.parametrize(
    ("lines", "capital", "words"),
    [
        ([line("10", "1")], "0", "capital at work is 0"),
        ([line("10", "1")], "-5", "capital at work is -5"),
        ([line("10", "3"), line("-10", "2")], "100", "weight of A is 0, but it made 5"),
        ([line("100", "1")], "100", "weight of CASH is 0, but it made 9"),
        ([line("10", "1", strategy=CASH)], "100", "strategy is 'CASH', the name of what is not invested"),
    ],
)
def test_a_side_that_cannot_be_known_is_refused(lines: list[TradedLine], capital: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        portfolio_stakes(lines, Dimension.STRATEGY, total=Decimal(10), capital=Decimal(capital))
    assert refused.value.remedy


def test_what_one_side_lacks_has_weight_0_and_the_others_return() -> None:
    own = {CASH: Stake(Decimal("0.5"), Decimal("0.01")), "CRYPTO": Stake(Decimal("0.5"), Decimal("0.2"))}
    other = {"BOND": Stake(Decimal(1), Decimal("0.03"))}
    assert paired(own, other) == (
        Segment("BOND", Decimal(0), Decimal(1), Decimal("0.03"), Decimal("0.03")),
        Segment("CRYPTO", Decimal("0.5"), Decimal(0), Decimal("0.2"), Decimal("0.2")),
        Segment(CASH, Decimal("0.5"), Decimal(0), Decimal("0.01"), Decimal("0.01")),
    )
