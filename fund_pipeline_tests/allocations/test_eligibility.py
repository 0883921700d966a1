from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.allocations.eligibility import Eligibility, ExclusionReason, decide_eligibility
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.ledger.model import Strategy, StrategyStatus
from fund_pipeline_tests.samples import strategy, summary

DAYS = 400


def matrix_of(**spans: tuple[int, int]) -> ReturnsMatrix:
    """A matrix in which each strategy has returns from its first day up to, not including, its last."""
    dates = np.arange("2018-01-01", DAYS, dtype="datetime64[D]")
    values = np.full((DAYS, len(spans)), np.nan)
    for column, (first, last) in enumerate(spans.values()):
        values[first:last, column] = 0.001
    return ReturnsMatrix(dates, tuple(spans), values)


def decide(*strategies: Strategy, matrix: ReturnsMatrix, **more: object) -> Eligibility:
    present = dict(zip(matrix.strategies, np.isfinite(matrix.values).sum(axis=0).tolist(), strict=True))
    summaries = {name: summary(name, days=days) for name, days in present.items()}
    given: dict[str, object] = {"misdated_by": {}, "accepted": frozenset(), "min_days": 252}
    return decide_eligibility(strategies, summaries, matrix, **given | more)  # type: ignore[arg-type]


def reasons(found: Eligibility) -> dict[str, ExclusionReason]:
    return {one.strategy_id: one.reason for one in found.excluded}


def test_an_active_strategy_with_a_long_backtest_takes_part() -> None:
    found = decide(strategy("A"), matrix=matrix_of(A=(0, DAYS)))
    assert found == Eligibility(("A",), ())


def test_each_strategy_that_is_left_out_says_why() -> None:
    found = decide(
        strategy("good"),
        strategy("testing", status=StrategyStatus.TESTING),
        strategy("inactive", status=StrategyStatus.INACTIVE),
        strategy("kept_out", include_in_optimization=False),
        strategy("none"),
        strategy("short"),
        matrix=matrix_of(good=(0, DAYS), testing=(0, DAYS), inactive=(0, DAYS), kept_out=(0, DAYS), short=(200, DAYS)),
    )
    assert found.included == ("good",)
    assert reasons(found) == {
        "testing": ExclusionReason.NOT_ACTIVE,
        "inactive": ExclusionReason.NOT_ACTIVE,
        "kept_out": ExclusionReason.NOT_INCLUDED,
        "none": ExclusionReason.NO_BACKTEST,
        "short": ExclusionReason.SHORT_HISTORY,
    }
    assert all(one.in_words for one in found.excluded)


def test_a_misdated_backtest_is_left_out_until_a_person_accepts_exactly_that_content() -> None:
    matrix = matrix_of(A=(0, DAYS), B=(0, DAYS))
    strategies = (strategy("A"), strategy("B"))
    flagged = decide(*strategies, matrix=matrix, misdated_by={"B": 1})
    assert reasons(flagged) == {"B": ExclusionReason.MISDATED}
    assert "1 trading day(s) late" in flagged.excluded[0].in_words
    other = decide(*strategies, matrix=matrix, misdated_by={"B": 1}, accepted={("B", "an older file")})
    assert reasons(other) == {"B": ExclusionReason.MISDATED}
    accepted = decide(*strategies, matrix=matrix, misdated_by={"B": 1}, accepted={("B", "hash-of-B")})
    assert accepted.included == ("A", "B")


def test_a_backtest_that_leaves_sessions_out_takes_no_part() -> None:
    matrix = matrix_of(A=(0, DAYS), B=(0, DAYS))
    strategies = (strategy("A"), strategy("B"))
    summaries = {"A": summary("A", days=391, missing_sessions=9), "B": summary("B", days=400, missing_sessions=8)}
    found = decide_eligibility(strategies, summaries, matrix, {}, frozenset(), 252)
    assert reasons(found) == {"A": ExclusionReason.GAPS}
    assert "9 sessions of XNYS" in found.excluded[0].in_words


def test_gaps_that_only_add_up_drop_the_strategy_with_most_of_them() -> None:
    matrix = matrix_of(A=(0, DAYS), B=(0, DAYS), C=(0, DAYS))
    matrix.values[10:70, 1] = np.nan
    matrix.values[200:210, 2] = np.nan
    found = decide(strategy("A"), strategy("B"), strategy("C"), matrix=matrix)
    assert found.included == ("A", "C")
    assert "330 of 400 sessions" in found.excluded[0].in_words


def test_the_strategy_that_shortens_the_common_window_most_goes_first() -> None:
    found = decide(
        strategy("A"),
        strategy("B"),
        strategy("early"),
        matrix=matrix_of(A=(100, DAYS), B=(90, DAYS), early=(0, 260)),
    )
    assert found.included == ("A", "B")
    assert reasons(found) == {"early": ExclusionReason.NO_COMMON_WINDOW}


spans = st.tuples(st.integers(0, DAYS - 1), st.integers(1, DAYS)).filter(lambda span: span[0] < span[1])


@given(st.lists(spans, min_size=1, max_size=7))
def test_what_takes_part_always_has_a_long_enough_common_window_and_nobody_is_forgotten(
    lives: list[tuple[int, int]],
) -> None:
    matrix = matrix_of(**{f"S{i}": life for i, life in enumerate(lives)})
    registered = [strategy(name) for name in matrix.strategies]
    found = decide(*registered, matrix=matrix)
    assert set(found.included) | set(reasons(found)) == set(matrix.strategies)
    assert len(found.included) + len(found.excluded) == len(lives)
    if found.included:
        window = matrix.select(found.included).common_window()
        assert len(window.dates) >= 252


def test_the_order_of_the_registry_does_not_matter() -> None:
    matrix = matrix_of(A=(0, 300), B=(100, DAYS), C=(50, 350))
    there = [strategy(name) for name in "ABC"]
    assert decide(*there, matrix=matrix) == decide(*reversed(there), matrix=matrix)
    assert decide(replace(there[0], notes="x"), *there[1:], matrix=matrix) == decide(*there, matrix=matrix)
