"""Statistics of a strategy against published figures and plain arithmetic."""

from __future__ import annotations

import dataclasses
import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.cerebro.statistics import StrategyStatistics, max_drawdown, strategy_statistics
from fund_pipeline.errors import InputError

NAN = float("nan")


def statistics_of(*returns: float, margin: tuple[float, ...] | None = None) -> StrategyStatistics:
    dates = np.datetime64("2020-01-01") + np.arange(len(returns))
    matrix = ReturnsMatrix(dates, ("A",), np.array(returns, dtype=np.float64)[:, None])
    (one,) = strategy_statistics(matrix, None if margin is None else {"A": np.array(margin)})
    return one


def test_a_series_with_a_gap_gives_the_figures_of_empyricals_test_data() -> None:
    """Worked example: returns NaN, 1, 10, -4, 2, 3, 2, 1, -10 per cent (empyrical, MIXED_RETURNS)."""
    found = statistics_of(NAN, 0.01, 0.10, -0.04, 0.02, 0.03, 0.02, 0.01, -0.10)
    assert found.sharpe == pytest.approx(1.7238613962, abs=1e-10)
    assert found.sortino == pytest.approx(2.6055312517, abs=1e-10)
    assert found.max_drawdown == pytest.approx(-0.10, abs=1e-12)
    assert found.volatility == pytest.approx(0.9136465400, abs=1e-10)
    assert found.cumulative_return == pytest.approx(0.0389310917, abs=1e-10)


def test_a_gap_is_left_out_of_the_days_and_dates() -> None:
    found = statistics_of(NAN, 0.01, NAN, 0.02, NAN)
    assert (found.days, found.first_date, found.last_date) == (2, date(2020, 1, 2), date(2020, 1, 4))


def test_the_drawdown_names_its_peak_and_trough() -> None:
    found = statistics_of(0.10, 0.05, -0.10, -0.10, 0.30, -0.05)
    assert found.max_drawdown == pytest.approx(-0.19)
    assert (found.drawdown_peak, found.drawdown_trough) == (date(2020, 1, 2), date(2020, 1, 4))


def test_a_loss_from_the_first_day_is_a_drawdown_from_the_start_value() -> None:
    found = statistics_of(-0.20, 0.10)
    assert found.max_drawdown == pytest.approx(-0.20)
    assert (found.drawdown_peak, found.drawdown_trough) == (None, date(2020, 1, 1))


def test_a_series_that_never_falls_has_no_drawdown() -> None:
    found = statistics_of(0.01, 0.0, 0.02)
    assert (found.max_drawdown, found.drawdown_peak, found.drawdown_trough) == (0.0, None, None)


def test_ratios_without_risk_are_none() -> None:
    found = statistics_of(0.1, 0.1, 0.1)
    assert (found.volatility, found.sharpe, found.sortino) == (0.0, None, None)


def test_a_single_day_has_no_volatility() -> None:
    found = statistics_of(-0.01)
    assert (found.volatility, found.sharpe) == (None, None)
    assert found.cvar_99 == 0.01


def test_the_win_rate_counts_only_days_that_moved() -> None:
    assert statistics_of(0.01, 0.0, -0.01, 0.02, 0.0).win_rate == pytest.approx(2 / 3)
    assert statistics_of(0.0, 0.0).win_rate is None


def test_margin_use_is_averaged_over_the_days_it_is_known() -> None:
    found = statistics_of(0.01, 0.02, 0.03, margin=(0.2, NAN, 0.4))
    assert found.average_margin_use == pytest.approx(0.3)
    assert found.greatest_margin_use == 0.4
    assert statistics_of(0.01).greatest_margin_use is None


def test_margin_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match="margin use of A"):
        statistics_of(0.01, 0.02, margin=(0.1,))


def test_a_strategy_without_returns_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="strategy A has no return"):
        statistics_of(NAN, NAN)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-0.9, 0.9) | st.just(NAN) | st.just(0.0)))
@settings(max_examples=150)
def test_no_statistic_is_ever_nan_or_infinite(returns: np.ndarray) -> None:
    if np.isnan(returns).all():
        return
    for value in dataclasses.asdict(statistics_of(*returns)).values():
        assert not isinstance(value, float) or math.isfinite(value)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-0.9, 0.9)))
@settings(max_examples=100)
def test_the_drawdown_is_the_worst_fall_between_any_two_days(returns: np.ndarray) -> None:
    values = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    worst = min(values[j] / values[i] - 1.0 for i in range(values.size) for j in range(i, values.size))
    assert max_drawdown(returns).depth == pytest.approx(worst, abs=1e-12)
