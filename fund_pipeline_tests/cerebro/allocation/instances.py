"""Random allocation problems of every kind: ties, copies, dead columns, hedges, tight and loose limits of all sorts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation import Cluster, Constraints, Problem, WeightBounds
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import ReturnsMatrix

BETAS = (0.8, 0.9, 0.95, 0.975, 0.99, 0.995)


def random_instance(seed: int, most_days: int = 400, most_strategies: int = 14) -> Problem:
    """The problem of a seed. Days 40 to `most_days` (at least 1 ÷ (1 − beta)), strategies 1 to `most_strategies`."""
    rng = np.random.default_rng(seed)
    beta = float(rng.choice(BETAS))
    days = int(rng.integers(max(40, int(np.ceil(1.0 / (1.0 - beta))) + 1), most_days + 1))
    strategies = 1 if rng.random() < 0.05 else int(rng.integers(2, most_strategies + 1))
    values = _returns(rng, days, strategies)
    expected = values.mean(axis=0) * 252 if rng.random() < 0.7 else rng.normal(0.05, 0.08, strategies)
    if rng.random() < 0.06:
        expected = -np.abs(expected)
    if rng.random() < 0.1:
        expected = np.round(expected, 2)
    max_weight = float(rng.choice([0.1, 0.3, 0.5, 1.0]))
    current = _current(rng, strategies, max_weight)
    matrix = ReturnsMatrix(
        np.datetime64("2000-01-01") + np.arange(days), tuple(f"S{i}" for i in range(strategies)), values
    )
    return Problem(
        scenarios=matrix,
        expected_returns=expected,
        margins=np.round(rng.uniform(0.0, 1.0, strategies), 3),
        current_weights=current,
        constraints=_with_extras(np.random.default_rng((seed, 1)), _constraints(rng, beta, matrix, max_weight), matrix),
    )


def _returns(rng: np.random.Generator, days: int, strategies: int) -> np.ndarray:
    factors = rng.standard_t(4, (days, 2)) * 0.006
    values = factors @ rng.normal(0.0, 0.7, (2, strategies))
    values += rng.standard_t(4, (days, strategies)) * rng.uniform(0.001, 0.012, strategies)
    values += rng.normal(0.0003, 0.0005, strategies)
    kind = rng.random()
    if kind < 0.15:
        values = np.round(values, 3)
    elif kind < 0.25:
        values = np.repeat(values[: days // 2 + 1], 2, axis=0)[:days]
    for column in range(1, strategies):
        what = rng.random()
        if what < 0.08:
            values[:, column] = values[:, column - 1]
        elif what < 0.12:
            values[:, column] = 0.0
        elif what < 0.15:
            values[:, column] = 0.0002
        elif what < 0.18:
            values[:, column] = -0.9 * values[:, column - 1] + 1e-4
    return values


def _current(rng: np.random.Generator, strategies: int, max_weight: float) -> np.ndarray:
    if rng.random() < 0.4:
        return np.zeros(strategies)
    held = rng.random(strategies) < 0.6
    return np.round(rng.uniform(0.0, max_weight, strategies) * held, 4)


def _constraints(rng: np.random.Generator, beta: float, matrix: ReturnsMatrix, max_weight: float) -> Constraints:
    strategies = len(matrix.strategies)
    typical = cvar(matrix.values @ np.full(strategies, min(max_weight, 2.0 / strategies)), beta)
    limit = max(typical, 1e-4) * float(10.0 ** rng.uniform(-2.5, 0.7))
    budget = None
    if rng.random() < 0.15:
        budget = round(float(rng.uniform(0.1, 1.0)) * min(2.0, strategies * max_weight), 3)
        limit = max(limit, typical * float(rng.uniform(0.5, 2.0)))
    clusters = ()
    if strategies > 2 and rng.random() < 0.3:
        clusters = (
            Cluster("a", matrix.strategies[: strategies // 2], round(float(rng.uniform(0.05, 1.0)), 3)),
            Cluster("b", matrix.strategies[1::2], round(float(rng.uniform(0.05, 1.0)), 3)),
        )
    return Constraints(
        beta=beta,
        cvar_limit=None if rng.random() < 0.05 else limit,
        max_leverage=float(rng.choice([0.5, 1.0, 2.0])) if budget is None else 2.0,
        max_weight=max_weight,
        min_weight=round(float(rng.uniform(0.0, 0.02)), 4) if rng.random() < 0.15 else 0.0,
        margin_cap=None if rng.random() < 0.5 else round(float(rng.uniform(0.05, 0.8)), 3),
        clusters=clusters,
        max_turnover=round(float(rng.uniform(0.05, 1.5)), 3) if rng.random() < 0.25 else None,
        budget=budget,
    )


def _with_extras(rng: np.random.Generator, given: Constraints, matrix: ReturnsMatrix) -> Constraints:
    """Bounds of their own for some strategies, fixed ones among them, and a price of trades."""
    own = []
    for name in matrix.strategies:
        if rng.random() < 0.05:
            lower = round(float(rng.uniform(0.0, 0.05)), 3)
            own.append(
                WeightBounds(name, lower, lower if rng.random() < 0.4 else round(lower + rng.uniform(0, 0.5), 3))
            )
    cost = round(float(rng.uniform(0.0001, 0.05)), 4) if rng.random() < 0.25 else 0.0
    return replace(given, bounds=tuple(own), transaction_cost=cost)
