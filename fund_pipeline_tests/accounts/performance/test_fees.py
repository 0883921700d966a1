"""The laws of the high-water mark."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.accounts.performance import performance_fee
from fund_pipeline.errors import InputError
from fund_pipeline_tests.accounts.performance.series import LAW

money = st.decimals("-1000000", "100000000", places=2)
rates = st.decimals(0, 1, places=4)


@given(st.lists(money, min_size=1, max_size=12), st.decimals(0, "1000000", places=2), rates)
@LAW
def test_fees_are_never_below_zero_and_the_mark_never_falls(
    values: list[Decimal], mark: Decimal, rate: Decimal
) -> None:
    for value in values:
        found = performance_fee(value, mark, rate)
        assert found.fee >= 0
        assert found.mark >= mark
        assert found.value + found.fee == value
        assert found.fee <= rate * max(value - mark, Decimal(0)) < found.fee + Decimal("0.01")
        assert found.fee == 0 or found.mark == found.value
        mark = found.mark


@given(st.decimals(0, "1000000", places=2), st.decimals(0, "1000000", places=2), rates)
@LAW
def test_the_same_gain_is_never_charged_twice(value: Decimal, mark: Decimal, rate: Decimal) -> None:
    first = performance_fee(value, mark, rate)
    assert performance_fee(first.value, first.mark, rate).fee == 0


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("rate 20", {"rate": Decimal(20)}),
        ("mark -1", {"mark": Decimal(-1)}),
        ("step 0", {"step": Decimal(0)}),
    ],
)
def test_terms_that_mean_nothing_are_refused(field: str, terms: dict[str, Decimal]) -> None:
    with pytest.raises(InputError, match=field):
        performance_fee(**{"value": Decimal(1), "mark": Decimal(0), "rate": Decimal("0.2")} | terms)
