"""Stresses: crises relived with what history there is, imagined days, no diversification, misdated files."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.crises import CRISES
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline.cerebro.simulation import Coverage, CrisisReplay, replay_crises, stress
from fund_pipeline.cerebro.simulation.stress import misalignments, together_risk
from fund_pipeline.cerebro.statistics import max_drawdown
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance
from fund_pipeline_tests.cerebro.conftest import Sample
from fund_pipeline_tests.cerebro.simulation.questions import fat_tailed_problem, matrix, problem_of

PROBLEM = fat_tailed_problem()
WEIGHTS = np.array([0.3, 0.0, 0.2, 0.1, 0.0, 0.4, 0.0, 0.05])
COVID = CRISES[4]


def history_around_covid() -> ReturnsMatrix:
    """2020-02-17 to 2020-03-31, A and B on all days."""
    dates = np.arange(np.datetime64("2020-02-17"), np.datetime64("2020-04-01"))
    values = np.random.default_rng(1).normal(-0.01, 0.02, (len(dates), 2))
    return ReturnsMatrix(dates, ("A", "B"), values)


def covid(weights: dict[str, float], history: ReturnsMatrix) -> CrisisReplay:
    return replay_crises(weights, history)[4]


def test_a_crisis_is_relived_with_weights_restored_every_day() -> None:
    history = history_around_covid()
    found = covid({"A": 0.5, "B": 1.0}, history)
    rows = (history.dates >= np.datetime64(COVID.first)) & (history.dates <= np.datetime64(COVID.last))
    returns = history.values[rows] @ [0.5, 1.0]
    assert found.compounded_return == pytest.approx(np.prod(1.0 + returns) - 1.0, rel=1e-12)
    assert found.worst_day == pytest.approx(returns.min(), rel=1e-12)
    assert found.worst_date == history.dates[rows][returns.argmin()].item()
    assert found.max_drawdown == pytest.approx(max_drawdown(returns).depth, rel=1e-12)
    assert (found.coverage, found.days, found.weight_covered) == (Coverage.WHOLE, 34, 1.0)
    assert (found.missing, found.incomplete) == ((), ())


def test_a_strategy_without_the_crisis_is_named_and_the_figure_is_partial() -> None:
    found = covid({"A": 0.5, "unborn": 1.5}, history_around_covid())
    alone = covid({"A": 0.5}, history_around_covid())
    assert (found.coverage, found.missing, found.weight_covered) == (Coverage.PARTIAL, ("unborn",), 0.25)
    assert found.compounded_return == alone.compounded_return


def test_a_strategy_with_a_gap_in_the_crisis_is_named_and_counts_on_its_days() -> None:
    history = history_around_covid()
    history.values[:12, 1] = np.nan
    found = covid({"A": 0.5, "B": 0.5}, history)
    assert (found.coverage, found.incomplete, found.days) == (Coverage.PARTIAL, ("B",), 34)
    assert found.weight_covered == pytest.approx((34 + 24) / 68)
    filled = np.where(np.isfinite(history.values), history.values, 0.0)[2:36] @ [0.5, 0.5]
    assert found.compounded_return == pytest.approx(np.prod(1.0 + filled) - 1.0, rel=1e-12)


def test_a_history_that_begins_inside_the_crisis_is_partial() -> None:
    history = history_around_covid()
    short = ReturnsMatrix(history.dates[10:], history.strategies, history.values[10:])
    assert covid({"A": 1.0}, short).coverage is Coverage.PARTIAL
    assert covid({"A": 1.0}, short).days == 26


def test_a_crisis_before_the_history_is_absent_and_has_no_figures() -> None:
    found = replay_crises({"A": 1.0}, history_around_covid())[0]
    assert (found.crisis, found.coverage, found.missing) == (CRISES[0], Coverage.ABSENT, ("A",))
    assert (found.compounded_return, found.worst_day, found.worst_date, found.max_drawdown) == (None, None, None, None)


def test_every_crisis_has_an_entry_even_for_cash() -> None:
    found = stress(PROBLEM, np.zeros(8))
    assert [replay.crisis for replay in found.crises] == list(CRISES)
    assert all(replay.coverage is Coverage.ABSENT for replay in found.crises)
    assert (found.misalignments, found.worst_misalignment) == ((), None)
    assert found.together.cvar_together == 0.0


def test_the_nine_backtests_relive_2020_and_say_which_missed_2008(sample: Sample) -> None:
    window = sample.matrix.common_window()
    problem = problem_of(window.values)
    held = dict.fromkeys(sample.matrix.strategies, 0.1)
    assert len(problem.margins) == len(held)
    found = replay_crises(held, sample.matrix)
    for replay in found:
        rows = (sample.matrix.dates >= np.datetime64(replay.crisis.first)) & (
            sample.matrix.dates <= np.datetime64(replay.crisis.last)
        )
        seen = np.isfinite(sample.matrix.values[rows]).any(axis=0)
        unseen = tuple(name for name, any_day in zip(held, seen, strict=True) if not any_day)
        assert replay.missing == unseen
    assert found[4].worst_day is not None
    assert found[4].worst_day < -0.005
    assert found[4].worst_date is not None
    assert found[4].worst_date >= date(2020, 2, 19)


def test_a_shock_is_the_weighted_sum_and_says_who_was_left_out() -> None:
    shock = stress(PROBLEM, WEIGHTS, shocks={"crash": {"S0": -0.2, "S2": 0.05, "S1": -0.5}}).shocks[0]
    assert shock.name == "crash"
    assert shock.portfolio_return == pytest.approx(0.3 * -0.2 + 0.2 * 0.05, rel=1e-12)
    assert shock.contributions.sum() == pytest.approx(shock.portfolio_return, rel=1e-12)
    assert shock.unshocked == ("S3", "S5", "S7")


def instance_and_weights(seed: int) -> tuple[Floats, Floats, float]:
    problem = random_instance(seed)
    weights = np.random.default_rng(seed).uniform(0.0, 0.5, len(problem.margins))
    return problem.scenarios.values, weights, problem.constraints.beta


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_strategies_that_fall_together_are_never_less_risky(seed: int) -> None:
    values, weights, beta = instance_and_weights(seed)
    found = together_risk(problem_of(values, beta=beta), weights)
    assert found.cvar_together >= found.cvar - 1e-12
    assert found.volatility_annual_together >= found.volatility_annual - 1e-12


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_the_risk_together_is_that_of_sorted_columns(seed: int) -> None:
    """Sorting every column makes them comonotone and changes no distribution."""
    values, weights, beta = instance_and_weights(seed)
    found = together_risk(problem_of(values, beta=beta), weights)
    assert found.cvar_together == pytest.approx(cvar(np.sort(values, axis=0) @ weights, beta), rel=1e-9, abs=1e-13)


def test_copies_of_one_strategy_are_together_already() -> None:
    values = np.repeat(PROBLEM.scenarios.values[:, :1], 3, axis=1)
    found = together_risk(problem_of(values), np.array([0.2, 0.3, 0.1]))
    assert found.cvar_together == pytest.approx(found.cvar, rel=1e-12)
    assert found.volatility_annual_together == pytest.approx(found.volatility_annual, rel=1e-12)


def test_each_strategy_held_is_moved_a_day_late_and_a_day_early() -> None:
    found = misalignments(PROBLEM, WEIGHTS)
    assert [(m.strategy, m.days) for m in found] == [(s, d) for s in ("S0", "S2", "S3", "S5", "S7") for d in (1, -1)]
    values = PROBLEM.scenarios.values
    for shift in found:
        moved = values.copy()
        column = int(shift.strategy[1])
        moved[:, column] = np.roll(values[:, column], shift.days)
        assert shift.cvar_before == pytest.approx(cvar(values @ WEIGHTS, 0.95), rel=1e-12)
        assert shift.cvar_after == pytest.approx(cvar(moved @ WEIGHTS, 0.95), rel=1e-12)


def test_a_hedge_that_is_a_day_off_is_the_worst_misalignment() -> None:
    noise = np.random.default_rng(2).normal(0.0, 0.01, 200)
    small = np.random.default_rng(3).normal(0.0, 0.001, 200)
    found = stress(problem_of(np.column_stack((small, noise, -noise))), np.array([0.5, 0.5, 0.5]))
    assert found.worst_misalignment is not None
    assert found.worst_misalignment.strategy in ("S1", "S2")
    assert found.worst_misalignment.cvar_after > 10 * found.worst_misalignment.cvar_before
    assert found.worst_misalignment.cvar_after == max(m.cvar_after for m in found.misalignments)


def test_a_strategy_alone_cannot_be_misaligned() -> None:
    found = stress(problem_of(PROBLEM.scenarios.values[:, :1]), np.array([0.5]))
    for shift in found.misalignments:
        assert shift.cvar_after == pytest.approx(shift.cvar_before, rel=1e-12)


@pytest.mark.parametrize(
    ("weights", "shocks", "match"),
    [
        (WEIGHTS, {"crash": {"S0": -0.1, "S99": -0.2}}, "crash names S99"),
        (WEIGHTS, {"crash": {"S0": float("nan")}}, "crash of strategy S0 is nan"),
        (WEIGHTS[:3], {}, "one weight per strategy"),
        (np.full(8, np.nan), {}, "one weight per strategy"),
    ],
)
def test_bad_weights_and_shocks_are_refused(weights: Floats, shocks: dict[str, dict[str, float]], match: str) -> None:
    with pytest.raises(InputError, match=match):
        stress(PROBLEM, weights, shocks=shocks)


def test_an_infinite_return_in_the_history_is_refused() -> None:
    values = PROBLEM.scenarios.values.copy()
    values[7, 1] = -np.inf
    with pytest.raises(InputError, match="S1 on 2001-01-08 is infinite"):
        stress(PROBLEM, WEIGHTS, matrix(values))
