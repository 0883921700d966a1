"""A walk forward sees only the past, lets weights drift, pays for what it trades, and says what it could not do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.allocation import Constraints, Problem, Session, SolutionStatus, solve
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.expected import Means, james_stein
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.cerebro.simulation import WalkForward, walk_forward
from fund_pipeline.cerebro.statistics import max_drawdown
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.test_engine import fat_tailed
from fund_pipeline_tests.cerebro.conftest import Sample
from fund_pipeline_tests.cerebro.simulation.questions import matrix

LIMITS = Constraints(cvar_limit=0.01, margin_cap=None)
VALUES = fat_tailed(160, 5, seed=11)


def walk(values: Floats = VALUES, limits: Constraints = LIMITS, **options: Any) -> WalkForward:
    asked: dict[str, Any] = {"window": 60, "step": 20, **options}
    return walk_forward(matrix(values), np.zeros(values.shape[1]), limits, **asked)


@given(st.integers(60, 159), st.integers(1, 30), st.booleans(), st.sampled_from(Means), st.integers(0, 1000))
@settings(max_examples=25)
def test_changing_a_day_changes_no_weights_chosen_before_or_on_it(
    day: int, step: int, anchored: bool, means: Means, seed: int
) -> None:
    other = VALUES.copy()
    other[day:] = np.random.default_rng(seed).normal(0.0, 0.02, other[day:].shape)
    real, changed = (walk(values, step=step, anchored=anchored, means=means) for values in (VALUES, other))
    for one, two in zip(real.rebalances, changed.rebalances, strict=True):
        if one.date <= real.dates[day - 60]:
            assert one.weights.tolist() == two.weights.tolist()
            assert one.in_sample_cvar == two.in_sample_cvar
    assert real.net_returns[: day - 60].tolist() == changed.net_returns[: day - 60].tolist()


def test_a_permuted_future_leaves_the_past() -> None:
    permuted = VALUES.copy()
    permuted[100:] = VALUES[100:][::-1]
    real, other = walk(step=5), walk(permuted, step=5)
    assert real.net_returns[:40].tolist() == other.net_returns[:40].tolist()
    assert real.net_returns[40:].tolist() != other.net_returns[40:].tolist()


@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize("means", list(Means))
def test_each_choice_is_the_optimum_of_the_days_before(anchored: bool, means: Means) -> None:
    found = walk(anchored=anchored, means=means)
    assert [str(r.date) for r in found.rebalances] == [str(d) for d in found.dates[::20]]
    for start, chosen in zip(range(60, 160, 20), found.rebalances, strict=True):
        seen = VALUES[0 if anchored else start - 60 : start]
        expected = seen.mean(axis=0) * 252 if means is Means.SAMPLE else james_stein(seen).annual
        best = solve(Problem(matrix(seen), expected, np.zeros(5), np.zeros(5), LIMITS))
        assert expected @ chosen.weights == pytest.approx(best.expected_return_annual, rel=1e-6, abs=1e-9)
        assert chosen.in_sample_cvar == pytest.approx(cvar(seen @ chosen.weights, 0.95), rel=1e-12)


def test_weights_drift_turnover_is_against_them_and_costs_fall_on_the_day_by_hand() -> None:
    """The only strategy with a positive mean is held at .5: +10 % and +10 %, then back to .5 at 1 % of what is sold."""
    values = np.zeros((24, 2))
    values[:20, 0] = 0.001
    values[:20:2, 0] = 0.002
    values[:, 1] = -0.001
    values[20:22, 0] = 0.1
    found = walk(values, Constraints(cvar_limit=None, margin_cap=None), window=20, step=2, cost_rate=0.01)
    first, second = found.rebalances
    assert first.weights.tolist() == [0.5, 0.0]
    assert (first.turnover, first.cost) == (0.5, 0.005)
    equity_1 = 1.0 + 0.05 - 0.005
    equity_2 = equity_1 + 0.55 * 0.1
    assert found.gross_returns[:2] == pytest.approx([0.05, 0.055 / equity_1], rel=1e-12)
    assert found.net_returns[:2] == pytest.approx([0.045, 0.055 / equity_1], rel=1e-12)
    assert second.turnover == pytest.approx(0.605 / equity_2 - 0.5, rel=1e-9)
    assert found.net_returns[2:] == pytest.approx([-second.cost, 0.0], abs=1e-15)
    assert found.summary.average_turnover == pytest.approx((0.5 + second.turnover) / 2, rel=1e-12)
    assert found.summary.total_cost == pytest.approx(0.005 + second.cost, rel=1e-12)


def test_without_costs_gross_is_net_and_costs_come_off_on_rebalance_days_only() -> None:
    free, dear = walk(), walk(cost_rate=0.002)
    assert free.gross_returns.tolist() == free.net_returns.tolist()
    paid = dear.gross_returns - dear.net_returns
    assert paid[::20] == pytest.approx([r.cost for r in dear.rebalances], abs=1e-16)
    assert np.delete(paid, np.arange(0, 100, 20)).tolist() == [0.0] * 95


def test_a_limit_on_turnover_is_against_the_drifted_weights() -> None:
    found = walk(limits=Constraints(cvar_limit=0.01, margin_cap=None, max_turnover=0.3))
    assert all(r.turnover <= 0.3 + 1e-12 for r in found.rebalances if r.status is SolutionStatus.OPTIMAL)
    assert found.rebalances[0].turnover == pytest.approx(0.3, abs=1e-7)


def test_the_summary_is_that_of_the_returns() -> None:
    found = walk(step=3, cost_rate=0.001)
    net, summary = found.net_returns, found.summary
    assert summary.annual_return_gross == pytest.approx(found.gross_returns.mean() * 252, rel=1e-12)
    assert summary.annual_return_net == pytest.approx(net.mean() * 252, rel=1e-12)
    assert summary.volatility_annual == pytest.approx(net.std(ddof=1) * 252**0.5, rel=1e-12)
    assert summary.sharpe == pytest.approx(summary.annual_return_net / summary.volatility_annual, rel=1e-12)
    assert summary.realised_cvar == cvar(net, 0.95)
    assert summary.max_drawdown == max_drawdown(net).depth
    assert summary.cvar_limit == 0.01


def test_losses_beyond_the_var_seen_in_the_sample_are_counted() -> None:
    found = walk(step=10)
    vars_by_day = np.repeat([r.in_sample_var for r in found.rebalances], 10)
    assert found.summary.exceedances.count == int((-found.gross_returns > vars_by_day).sum())
    assert found.summary.exceedances.days == 100


def test_an_infeasible_rebalance_keeps_the_drifted_weights_and_says_why() -> None:
    values = VALUES.copy()
    values[85:100] -= 0.05
    limits = Constraints(cvar_limit=0.02, margin_cap=None, budget=0.8)
    found = walk(values, limits)
    statuses = [r.status for r in found.rebalances]
    assert statuses[0] is SolutionStatus.OPTIMAL
    assert statuses[2] is SolutionStatus.INFEASIBLE
    failed, before = found.rebalances[2], found.rebalances[1]
    assert failed.conflicts
    assert (failed.turnover, failed.cost) == (0.0, 0.0)
    grown = before.weights * np.prod(1.0 + values[80:100], axis=0)
    equity = np.prod(1.0 + found.net_returns[20:40])
    np.testing.assert_allclose(failed.weights, grown / equity, rtol=1e-9)
    assert failed.in_sample_cvar == pytest.approx(cvar(values[40:100] @ failed.weights, 0.95), rel=1e-12)


def test_where_nothing_is_worth_holding_all_is_cash() -> None:
    found = walk(-np.abs(VALUES))
    assert not found.net_returns.any()
    assert found.summary.sharpe is None
    assert found.summary.exceedances.days == 0
    assert all(r.weights.sum() == 0.0 for r in found.rebalances)


def test_a_single_strategy_walks_alone() -> None:
    found = walk(np.abs(VALUES[:, :1]) + 1e-3)
    assert all(r.weights.tolist() == [0.5] for r in found.rebalances)
    assert found.summary.annual_return_net > 0.0


def test_the_last_step_may_be_short_and_a_long_one_is_buy_and_hold() -> None:
    found = walk(step=90)
    assert len(found.rebalances) == 2
    assert len(walk(step=1000).rebalances) == 1
    assert len(found.dates) == 100


def test_the_walk_ends_where_the_equity_does() -> None:
    values = np.abs(VALUES[:, :2]) + 1e-3
    values[75] = -0.99
    limits = Constraints(cvar_limit=None, margin_cap=None, max_weight=2.0, max_leverage=2.0)
    found = walk(values, limits)
    assert found.ruined_on == found.dates[-1] == matrix(values).dates[75]
    assert len(found.net_returns) == len(found.dates) == 16
    assert np.isfinite([v for v in asdict(found.summary).values() if isinstance(v, float)]).all()


def test_another_objective_can_be_walked_for_a_comparison() -> None:
    limits = Constraints(cvar_limit=None, margin_cap=None, budget=1.0)
    calm = walk(limits=limits, choose=Session.minimise_cvar)
    bold = walk(limits=limits)
    for one, other in zip(calm.rebalances, bold.rebalances, strict=True):
        assert one.in_sample_cvar < other.in_sample_cvar


def test_progress_is_told_after_every_step() -> None:
    told: list[tuple[int, int]] = []
    walk(progress=lambda done, total: told.append((done, total)))
    assert told == [(i, 5) for i in range(1, 6)]


def test_the_nine_backtests_can_be_walked(sample: Sample) -> None:
    window = sample.matrix.common_window()
    found = walk_forward(window, np.full(9, 0.2), Constraints(), window=504, step=63, cost_rate=0.0005)
    assert all(r.status is SolutionStatus.OPTIMAL and not r.fallbacks for r in found.rebalances)
    assert all(r.in_sample_cvar <= 0.01 for r in found.rebalances)
    assert found.summary.annual_return_net < found.summary.annual_return_gross
    assert len(found.dates) == len(window.dates) - 504


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"step": 0}, "step is 0"),
        ({"step": -3}, "step is -3"),
        ({"window": 19}, "at least 20"),
        ({"window": 160}, "no day to walk"),
        ({"cost_rate": -0.1}, "cost_rate"),
        ({"cost_rate": float("nan")}, "cost_rate"),
    ],
)
def test_parameters_out_of_range_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        walk(**options)


def test_a_gap_is_refused_before_the_walk_begins() -> None:
    values = VALUES.copy()
    values[150, 2] = np.nan
    with pytest.raises(InputError, match=r"S2 has no return on 2001-05-31"):
        walk(values)
