"""Weights of which each is 0 or at least a given one, against every choice of strategies tried."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import answering, ladder
from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.limits import DrawdownLimit, Limits, limits_of
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.allocation.whole import held_or_nothing
from fund_pipeline.cerebro.allocation.whole.relaxation import Box, Cut, Relaxation, Rows
from fund_pipeline.cerebro.allocation.whole.risk import Risk, dual_slope
from fund_pipeline.cerebro.allocation.whole.tree import search
from fund_pipeline.errors import InvariantError
from fund_pipeline_tests.cerebro.allocation.instances import random_instance

HAIR = 1e-9


def instance(seed: int, most_strategies: int) -> tuple[Limits, Aim, float]:
    """Limits of every kind, one of both aims, and a least weight."""
    rng = np.random.default_rng(seed + 5000)
    problem = random_instance(seed, most_days=260, most_strategies=most_strategies)
    limits = replace(limits_of(problem), drawdown=None, least_held=None)
    least = float(rng.choice([0.02, 0.05, 0.1, 0.2]))
    if rng.random() < 0.6:
        return limits, Aim.MOST_RETURN, least
    target = float(limits.expected.max() * limits.upper.max() * rng.uniform(-0.1, 0.6))
    return replace(limits, cvar_limit=None, target_return=target), Aim.LEAST_CVAR, least


def by_trying(limits: Limits, aim: Aim, least: float) -> float | None:
    """The best objective over all choices of strategies; None if none meets the limits."""
    found: list[float] = []
    for choice in itertools.product((False, True), repeat=limits.expected.size):
        held = np.array(choice)
        lower = np.where(held, np.maximum(limits.lower, least), limits.lower)
        chosen = replace(limits, lower=lower, upper=np.where(held, limits.upper, 0.0))
        if (chosen.lower <= chosen.upper).all():
            proved = ladder.answer(chosen, aim, Engine()).proved
            found += [proved.objective] if proved else []
    return (max(found) if aim is Aim.MOST_RETURN else min(found)) if found else None


def check(limits: Limits, aim: Aim, least: float) -> None:
    found, best = held_or_nothing(limits, aim, least, Engine()), by_trying(limits, aim, least)
    assert (found is None) == (best is None)
    if found is None or best is None:
        return
    weights = found.proved.vertex.weights
    assert limits.broken_by(weights, HAIR) == ()
    assert not ((weights > HAIR) & (weights < least - HAIR)).any()
    assert not weights[~found.held].any()
    scale = max(abs(best), 1e-4)
    assert found.relative_gap <= 1e-6
    assert abs(found.proved.objective - best) <= 2e-6 * scale
    sign = 1.0 if aim is Aim.MOST_RETURN else -1.0
    assert sign * (found.bound - best) >= -1e-8 * scale


@pytest.mark.parametrize("seed", range(54))
def test_no_choice_of_strategies_does_better(seed: int) -> None:
    check(*instance(seed, most_strategies=5))


@pytest.mark.parametrize("seed", range(600, 608))
def test_no_choice_of_eight_strategies_does_better(seed: int) -> None:
    limits, aim, least = instance(seed, most_strategies=8)
    check(limits, aim, least)


def test_a_weight_that_is_large_enough_anyway_costs_nothing() -> None:
    limits, _, _ = instance(3, most_strategies=5)
    limits = replace(limits, lower=np.zeros_like(limits.lower), turnover=None, budget=None, target_return=None)
    free = ladder.answer(limits, Aim.MOST_RETURN, Engine()).proved
    held = held_or_nothing(limits, Aim.MOST_RETURN, 1e-6, Engine())
    assert free is not None
    assert held is not None
    assert held.parts == 1
    assert held.proved.objective == pytest.approx(free.objective, rel=1e-8)


def test_a_limit_on_drawdown_is_met_by_a_solver_that_knows_it() -> None:
    problem = random_instance(12, most_days=260, most_strategies=5)
    limits = replace(limits_of(problem), lower=np.zeros(len(problem.scenarios.strategies)), budget=None, turnover=None)
    limits = replace(limits, rows=limits.rows[:1], drawdown=DrawdownLimit(0.9, 0.02), cvar_limit=None)
    found = held_or_nothing(limits, Aim.MOST_RETURN, 0.1, Engine(), solver=answering.answer)
    assert found is not None
    assert limits.broken_by(found.proved.vertex.weights, 1e-8) == ()
    best = -np.inf
    for choice in itertools.product((False, True), repeat=limits.expected.size):
        held = np.array(choice)
        chosen = replace(limits, lower=np.where(held, 0.1, 0.0), upper=np.where(held, limits.upper, 0.0))
        if (chosen.lower <= chosen.upper).all():
            proved = answering.answer(chosen, Aim.MOST_RETURN, Engine()).proved
            best = max(best, proved.objective) if proved else best
    assert found.proved.objective == pytest.approx(best, rel=2e-6)


def test_a_strategy_that_must_be_held_but_may_not_be_held_enough_leaves_no_answer() -> None:
    limits, _, _ = instance(3, most_strategies=5)
    limits = replace(limits, lower=np.full_like(limits.lower, 0.01), upper=np.full_like(limits.upper, 0.05))
    assert held_or_nothing(limits, Aim.MOST_RETURN, 0.1, Engine()) is None


def test_a_search_that_is_cut_short_says_how_far_its_proof_came_or_that_it_met_nothing() -> None:
    gaps, met_nothing = [], []
    for seed in range(600, 640):
        limits, aim, least = instance(seed, most_strategies=8)
        try:
            short = held_or_nothing(limits, aim, least, Engine(), most_parts=1)
        except InvariantError as error:
            met_nothing.append(error.message)
            continue
        if short is not None and short.relative_gap > 1e-6:
            full = held_or_nothing(limits, aim, least, Engine())
            assert full is not None
            sign = 1.0 if aim is Aim.MOST_RETURN else -1.0
            assert sign * (short.bound - full.proved.objective) >= -1e-9
            gaps.append(short.relative_gap)
    assert gaps
    assert all("in 1 parts" in message for message in met_nothing)


def test_the_prices_of_any_day_make_a_slope_that_is_never_above_cvar() -> None:
    limits, _, _ = instance(5, most_strategies=6)
    rng = np.random.default_rng(0)
    for _ in range(50):
        prices = rng.exponential(1.0, len(limits.returns)) * (rng.random(len(limits.returns)) < 0.2)
        weights = rng.uniform(0.0, 1.0, limits.expected.size)
        assert dual_slope(limits, prices) @ weights <= Risk(limits).cvar(weights)[0] + 1e-9


class Knapsack:
    """Most value of whole pieces within a weight, to try the tree alone."""

    def __init__(self, values: np.ndarray, weights: np.ndarray, room: float) -> None:
        self.values, self.weights, self.room, self.best = values, weights, room, np.inf

    def offer(self, point: np.ndarray) -> float:
        counts = np.floor(point + 1e-9)
        self.best = min(self.best, float(-self.values @ counts))
        return self.best

    def cuts(self, point: np.ndarray) -> list[Cut]:
        return [Cut(self.weights, self.room)] if self.weights @ point > self.room + 1e-9 else []

    def parts(self, point: np.ndarray, box: Box) -> tuple[Box, ...]:
        off = np.abs(point - np.round(point))
        place = int(np.argmax(off))
        if off[place] < 1e-6:
            return ()
        upper, lower = box.upper.copy(), box.lower.copy()
        upper[place], lower[place] = np.floor(point[place]), np.ceil(point[place])
        return Box(box.lower, upper), Box(lower, box.upper)


def test_the_tree_finds_the_best_knapsack_and_proves_it() -> None:
    rng = np.random.default_rng(4)
    values, weights = rng.integers(5, 30, 5).astype(float), rng.integers(3, 12, 5).astype(float)
    question = Knapsack(values, weights, 31.0)
    none = Rows(np.zeros((0, 5)), np.zeros(0), np.zeros(0))
    relaxation = Relaxation(-values, none)
    # Nothing is offered that breaks the cut, for the first relaxation is cut before it is trusted.
    relaxation.cut([Cut(weights, 31.0)])
    proof = search(relaxation, question, Box(np.zeros(5), np.full(5, 3.0)), 0.0, 1.0, 10_000)
    best = max(
        values @ np.array(counts)
        for counts in itertools.product(range(4), repeat=5)
        if weights @ np.array(counts) <= 31.0
    )
    assert (proof.finished, -proof.bound, -question.best) == (True, pytest.approx(best), best)
