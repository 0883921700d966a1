"""Misdated strategies are found with the right lag, and the correct ones are left alone."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.cerebro.timing import TimingEvidence, TimingVerdict, timing_evidence
from fund_pipeline.errors import InputError

LAGS = (-10, -5, -2, -1, 1, 2, 5, 10)
NAMES = (
    "Factor_Rotation",
    "LowVol_Long",
    "Pairs_MeanRev",
    "SPX_DipBuyer",
    "SPX_Trend200",
    "SPX_VolTarget",
    "TS_Momentum",
    "XS_Momentum",
    "XS_Reversal5",
)


def late(matrix: ReturnsMatrix, days_late: dict[str, int]) -> ReturnsMatrix:
    """The same returns, each named strategy's written that many rows too late."""
    values = matrix.values.copy()
    for name, days in days_late.items():
        column = matrix.strategies.index(name)
        values[:, column] = np.roll(matrix.values[:, column], days)
        values[: max(days, 0), column] = np.nan
        values[len(values) + min(days, 0) :, column] = np.nan
    return ReturnsMatrix(matrix.dates, matrix.strategies, values)


def misdated(evidence: tuple[TimingEvidence, ...]) -> dict[str, int | None]:
    return {one.strategy: one.days_late for one in evidence if one.verdict is TimingVerdict.MISDATED}


def test_every_sample_backtest_is_aligned(sample: Any) -> None:
    assert sample.matrix.strategies == NAMES
    evidence = timing_evidence(sample.matrix, sample.market)
    assert {one.verdict for one in evidence} == {TimingVerdict.ALIGNED}
    assert all(one.days_late == 0 and one.p < 1e-3 for one in evidence)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("days", LAGS)
def test_each_sample_strategy_moved_alone_is_found_and_no_other_blamed(sample: Any, name: str, days: int) -> None:
    moved = late(sample.matrix, {name: days})
    assert misdated(timing_evidence(moved, sample.market)) == {name: days}


@pytest.mark.parametrize("name", NAMES)
def test_peers_alone_find_a_misdated_strategy(sample: Any, name: str) -> None:
    unknown = np.full(len(sample.market), np.nan)
    for days in LAGS:
        assert misdated(timing_evidence(late(sample.matrix, {name: days}), unknown)) == {name: days}


def test_two_strategies_moved_at_once_are_found_and_nothing_is_ever_wrong(sample: Any) -> None:
    found = 0
    for first, second in combinations(NAMES, 2):
        for days in ((1, 1), (1, -1), (2, 5), (-10, 1), (5, 5), (-2, -5)):
            truth = dict(zip((first, second), days, strict=True))
            blamed = misdated(timing_evidence(late(sample.matrix, truth), sample.market))
            assert blamed.items() <= truth.items()
            found += len(blamed)
    assert found >= 429  # of 432; the three others are pairs that are each other's only evidence, 11 days apart


def test_the_evidence_names_its_reference_and_both_correlations(sample: Any) -> None:
    evidence = timing_evidence(late(sample.matrix, {"SPX_VolTarget": 2}), sample.market)
    (one,) = [e for e in evidence if e.strategy == "SPX_VolTarget"]
    assert (one.verdict, one.days_late, one.reference) == (TimingVerdict.MISDATED, 2, "market")
    assert one.correlation == pytest.approx(0.838, abs=1e-3)
    assert abs(one.correlation_at_zero or 0.0) < 0.2
    assert one.z > 20.0
    assert one.p < 1e-50


def test_a_misdated_majority_does_not_overrule_the_market() -> None:
    rng = np.random.default_rng(11)
    market = rng.normal(0.0, 0.01, 1500)
    names = tuple("ABCDE")
    matrix = ReturnsMatrix(
        np.datetime64("2015-01-01") + np.arange(1500), names, market[:, None] + rng.normal(0.0, 0.01, (1500, 5))
    )
    moved = late(matrix, {"A": 1, "B": 1, "C": 1, "D": 1})
    assert misdated(timing_evidence(moved, market)) == {"A": 1, "B": 1, "C": 1, "D": 1}


def test_two_strangers_to_the_market_that_disagree_are_not_judged() -> None:
    rng = np.random.default_rng(12)
    common = rng.normal(0.0, 0.01, (1500, 1))
    matrix = ReturnsMatrix(
        np.datetime64("2015-01-01") + np.arange(1500), ("A", "B"), common + rng.normal(0.0, 0.005, (1500, 2))
    )
    evidence = timing_evidence(late(matrix, {"B": 3}), rng.normal(0.0, 0.01, 1500))
    assert [one.verdict for one in evidence] == [TimingVerdict.NOT_DETECTABLE] * 2
    assert [one.days_late for one in evidence] == [None, None]


def test_unrelated_series_with_clustered_volatility_are_not_detectable() -> None:
    rng = np.random.default_rng(13)
    for _ in range(5):
        volatility = 0.01 * np.exp(np.convolve(rng.normal(0.0, 0.4, 1600), np.ones(20) / 5.0, "valid")[:1500])
        values = volatility[:, None] * rng.standard_t(4, (1500, 30))
        names = tuple(f"S{i}" for i in range(30))
        matrix = ReturnsMatrix(np.datetime64("2015-01-01") + np.arange(1500), names, values)
        evidence = timing_evidence(matrix, volatility * rng.standard_t(4, 1500))
        assert {one.verdict for one in evidence} == {TimingVerdict.NOT_DETECTABLE}


def test_a_short_or_constant_history_is_not_detectable(sample: Any) -> None:
    values = sample.matrix.values.copy()
    values[:, 0] = np.nan
    values[-40:, 0] = sample.market[-40:]
    values[:, 1] = 0.0
    evidence = timing_evidence(ReturnsMatrix(sample.matrix.dates, NAMES, values), sample.market)
    assert [one.verdict for one in evidence[:2]] == [TimingVerdict.NOT_DETECTABLE] * 2
    assert not misdated(evidence)


def test_a_hundred_strategies_are_judged_at_once() -> None:
    rng = np.random.default_rng(14)
    market = rng.normal(0.0, 0.01, 1200)
    names = tuple(f"S{i}" for i in range(100))
    values = market[:, None] * rng.uniform(0.5, 1.5, 100) + rng.normal(0.0, 0.01, (1200, 100))
    truth = {"S3": -7, "S50": 1, "S99": 10}
    matrix = late(ReturnsMatrix(np.datetime64("2015-01-01") + np.arange(1200), names, values), truth)
    evidence = timing_evidence(matrix, market)
    assert misdated(evidence) == truth
    assert sum(one.verdict is TimingVerdict.ALIGNED for one in evidence) == 97


def test_a_market_of_other_days_is_refused(sample: Any) -> None:
    with pytest.raises(InputError, match="one return per day"):
        timing_evidence(sample.matrix, sample.market[1:])


@pytest.mark.parametrize("max_lag", [0, 2000])
def test_a_max_lag_out_of_range_is_refused(sample: Any, max_lag: int) -> None:
    with pytest.raises(InputError, match=f"max_lag is {max_lag}"):
        timing_evidence(sample.matrix, sample.market, max_lag=max_lag)
