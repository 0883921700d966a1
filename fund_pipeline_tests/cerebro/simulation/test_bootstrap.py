"""Resampled histories: drawn in circular blocks, optimised anew, measured on what they did not draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fund_pipeline.cerebro.allocation import Constraints, solve
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.expected import Means
from fund_pipeline.cerebro.simulation import bootstrap
from fund_pipeline.cerebro.simulation.bootstrap import days_not_drawn, draw_days
from fund_pipeline.errors import InfeasibleError, InputError
from fund_pipeline_tests.cerebro.simulation.questions import fat_tailed_problem, matrix, problem_of

PROBLEM = fat_tailed_problem()


@given(st.integers(1, 300), st.data())
@settings(max_examples=80)
def test_a_sample_is_of_blocks_and_its_bag_holds_the_rest(days: int, data: st.DataObject) -> None:
    block = data.draw(st.integers(1, days))
    drawn = draw_days(np.random.default_rng(data.draw(st.integers(0, 99))), days, block)
    outside = days_not_drawn(drawn, days)
    assert len(drawn) == days
    assert not set(drawn) & set(outside)
    assert set(drawn) | set(outside) == set(range(days))
    within = np.arange(1, days) % block != 0
    assert (np.diff(drawn)[within] % days == 1 % days).all()


def test_every_day_is_as_likely_as_any_other() -> None:
    rng = np.random.default_rng(1)
    counts = np.bincount(np.concatenate([draw_days(rng, 50, 7) for _ in range(4000)]), minlength=50)
    assert counts.min() > 3700
    assert counts.max() < 4300


def test_bands_are_the_quantiles_of_optima_found_one_by_one() -> None:
    rng = np.random.default_rng(9)
    returns, inside, outside = [], [], []
    for _ in range(7):
        drawn = draw_days(rng, 300, 10)
        values = PROBLEM.scenarios.values[drawn]
        best = solve(replace(PROBLEM, scenarios=matrix(values), expected_returns=values.mean(axis=0) * 252))
        unseen = PROBLEM.scenarios.values[days_not_drawn(drawn, 300)] @ best.weights
        returns.append(best.expected_return_annual)
        inside.append(best.cvar)
        outside.append(cvar(unseen, 0.95))
    found = bootstrap(PROBLEM, samples=7, block=10, seed=9)
    for band, figures in (
        (found.expected_return_annual, returns),
        (found.cvar, inside),
        (found.out_of_bag_cvar, outside),
        (found.optimism, np.subtract(outside, inside)),
    ):
        assert band is not None
        assert (band.low, band.median, band.high) == pytest.approx(np.quantile(figures, [0.05, 0.5, 0.95]), rel=1e-6)
    assert (found.samples, found.optimal, found.measured) == (7, 7, 7)
    assert (found.weights.low <= found.weights.median).all()
    assert (found.weights.median <= found.weights.high).all()
    assert found.weights.high.max() <= 0.5


def test_the_same_seed_gives_the_same_answer_and_another_another() -> None:
    one, same, other = (bootstrap(PROBLEM, samples=5, seed=seed) for seed in (3, 3, 4))
    assert one.cvar == same.cvar
    assert one.weights.median.tolist() == same.weights.median.tolist()
    assert one.weights.median.tolist() != other.weights.median.tolist()


def test_what_is_promised_on_the_sample_is_not_kept_outside() -> None:
    found = bootstrap(fat_tailed_problem(days=150, strategies=20), samples=40, seed=1)
    assert found.optimism is not None
    assert found.optimism.median > 0.0
    assert found.expected_return_annual is not None
    assert found.out_of_bag_return_annual is not None
    assert found.out_of_bag_return_annual.median < found.expected_return_annual.median


def test_a_block_of_all_days_is_the_history_itself() -> None:
    found = bootstrap(PROBLEM, samples=4, block=300, seed=2)
    best = solve(PROBLEM)
    np.testing.assert_allclose(found.weights.low, best.weights, atol=1e-6)
    np.testing.assert_allclose(found.weights.high, best.weights, atol=1e-6)
    assert (found.measured, found.out_of_bag_cvar, found.out_of_bag_return_annual, found.optimism) == (0, *[None] * 3)


def test_shrunk_means_promise_less() -> None:
    plain, shrunk = (bootstrap(PROBLEM, samples=15, seed=5, means=means) for means in Means)
    assert plain.expected_return_annual is not None
    assert shrunk.expected_return_annual is not None
    assert shrunk.expected_return_annual.median < plain.expected_return_annual.median


def test_samples_that_only_lose_stay_in_cash() -> None:
    found = bootstrap(problem_of(-np.abs(PROBLEM.scenarios.values)), samples=3, seed=1)
    assert found.cvar is not None
    assert (found.cvar.low, found.cvar.high) == (0.0, 0.0)
    assert not found.weights.high.any()


def test_limits_that_no_sample_meets_are_named() -> None:
    contradictory = replace(PROBLEM, constraints=Constraints(max_leverage=0.5, budget=0.9, margin_cap=None))
    with pytest.raises(InfeasibleError, match="budget"):
        bootstrap(contradictory, samples=2, seed=1)


def test_progress_is_told_after_every_sample() -> None:
    told: list[tuple[int, int]] = []
    bootstrap(PROBLEM, samples=3, seed=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("samples", "block", "seed", "match"),
    [(0, 5, 1, "samples is 0"), (5, 301, 1, "block is 301"), (5, 0, 1, "block is 0"), (5, 5, -1, "seed -1")],
)
def test_parameters_out_of_range_are_refused(samples: int, block: int, seed: int, match: str) -> None:
    with pytest.raises(InputError, match=match):
        bootstrap(PROBLEM, samples=samples, block=block, seed=seed)
