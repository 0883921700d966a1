"""The proportion-of-failures test against its published table and the ends of its domain."""

from __future__ import annotations

import pytest

from fund_pipeline.cerebro.simulation import proportion_of_failures
from fund_pipeline.errors import InputError


@pytest.mark.parametrize(
    ("days", "beta", "least", "greatest"),
    [
        (255, 0.99, 1, 6),
        (510, 0.99, 2, 10),
        (1000, 0.99, 5, 16),
        (255, 0.95, 7, 20),
        (510, 0.95, 17, 35),
        (1000, 0.95, 38, 64),
        (255, 0.90, 17, 35),
        (510, 0.90, 39, 64),
        (1000, 0.90, 82, 119),
    ],
)
def test_counts_that_the_published_table_does_not_reject(days: int, beta: float, least: int, greatest: int) -> None:
    """Kupiec 1995, table 3 (95 % test confidence), as reprinted in P. Jorion, "Value at Risk", table 6-2.

    For 255 days at .99 the table prints only N < 7; the ratio of N = 0 is 5.13.
    """
    kept = [n for n in range(days // 3) if proportion_of_failures(n, days, beta).likelihood_ratio <= 3.841]
    assert (kept[0], kept[-1]) == (least, greatest)


def test_exactly_the_expected_count_is_no_evidence() -> None:
    found = proportion_of_failures(5, 100, 0.95)
    assert found.likelihood_ratio == pytest.approx(0.0, abs=1e-12)
    assert found.p_value == pytest.approx(1.0, abs=1e-5)


def test_no_exceedance_and_nothing_else_have_finite_ratios() -> None:
    """-2 ln .95^60 and -2 ln .05^10."""
    assert proportion_of_failures(0, 60, 0.95).likelihood_ratio == pytest.approx(6.155196, rel=1e-6)
    assert proportion_of_failures(10, 10, 0.95).likelihood_ratio == pytest.approx(59.914645, rel=1e-6)


def test_no_days_say_nothing() -> None:
    found = proportion_of_failures(0, 0, 0.95)
    assert (found.frequency, found.likelihood_ratio, found.p_value) == (None, None, None)


@pytest.mark.parametrize(("count", "days", "beta"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 1.0)])
def test_impossible_counts_are_refused(count: int, days: int, beta: float) -> None:
    with pytest.raises(InputError):
        proportion_of_failures(count, days, beta)
