"""The parts of an attribution sum to its whole, in one period and over many."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import Brinson, Segment, brinson_fachler, link, linked
from fund_pipeline.errors import InputError
from fund_pipeline_tests.accounts.performance.series import LAW

returns = st.decimals("-0.4", "0.4", places=6)


@st.composite
def periods(draw: st.DrawFn) -> Brinson:
    """Three segments; the last takes what is left of both weights."""
    own = draw(st.lists(st.decimals("-0.3", "0.6", places=6), min_size=2, max_size=2))
    whole = draw(st.lists(st.decimals(0, "0.5", places=6), min_size=2, max_size=2))
    own, whole = [*own, 1 - sum(own)], [*whole, 1 - sum(whole)]
    return brinson_fachler(
        [Segment(name, own[at], whole[at], draw(returns), draw(returns)) for at, name in enumerate("abc")]
    )


@given(periods())
@LAW
def test_the_parts_sum_to_the_difference_exactly(found: Brinson) -> None:
    assert found.allocation + found.selection + found.interaction == found.difference
    assert sum(one.total for one in found.segments) == found.difference


@given(st.lists(periods(), min_size=1, max_size=6))
@LAW
def test_linked_parts_sum_to_the_linked_difference(several: list[Brinson]) -> None:
    found = linked(several)
    assert found.portfolio_return == link(one.portfolio_return for one in several)
    assert abs(found.allocation + found.selection + found.interaction - found.difference) < Decimal("1e-27")


def test_a_portfolio_that_is_its_benchmark_has_nothing_to_attribute() -> None:
    half = Decimal("0.5")
    same = [Segment(name, half, half, Decimal(one), Decimal(one)) for name, one in (("a", "0.1"), ("b", "-0.2"))]
    assert [one.total for one in linked([brinson_fachler(same)] * 3).segments] == [0, 0]


def test_weights_that_leave_something_out_are_refused() -> None:
    with pytest.raises(InputError, match=r"portfolio_weight of all segments is 0.9, not 1"):
        brinson_fachler([Segment("a", Decimal("0.9"), Decimal(1), Decimal(0), Decimal(0))])
    with pytest.raises(InputError, match="twice"):
        brinson_fachler([Segment("a", Decimal("0.5"), Decimal("0.5"), Decimal(0), Decimal(0))] * 2)


def test_a_period_that_lost_everything_cannot_be_linked() -> None:
    lost = brinson_fachler([Segment("a", Decimal(1), Decimal(1), Decimal(-1), Decimal(0))])
    with pytest.raises(InputError, match="lost everything"):
        linked([lost])
    with pytest.raises(InputError, match="no period"):
        linked([])
