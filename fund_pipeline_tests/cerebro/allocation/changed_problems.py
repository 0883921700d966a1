"""Problems changed in ways that a law tells the effect of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fund_pipeline.cerebro.allocation import Cluster, Constraints, Problem, WeightBounds
from fund_pipeline.cerebro.model import ReturnsMatrix


def constrained(problem: Problem, **changes: Any) -> Problem:
    return replace(problem, constraints=replace(problem.constraints, **changes))


def with_columns(problem: Problem, order: np.ndarray) -> Problem:
    """The strategies in another order."""
    names = problem.scenarios.strategies
    return replace(
        problem,
        scenarios=problem.scenarios.select(tuple(names[i] for i in order)),
        expected_returns=problem.expected_returns[order],
        margins=problem.margins[order],
        current_weights=problem.current_weights[order],
    )


def with_days(problem: Problem, order: np.ndarray) -> Problem:
    """What happened, in another order."""
    matrix = problem.scenarios
    return replace(problem, scenarios=ReturnsMatrix(matrix.dates, matrix.strategies, matrix.values[order]))


def with_copy(problem: Problem, of: int, worse_by: float) -> Problem:
    """A strategy's copy, `worse_by` a day, beside it; every cap that bounds the strategy bounds both together."""
    matrix, asked = problem.scenarios, problem.constraints
    name = matrix.strategies[of]
    own = {bounds.strategy: bounds for bounds in asked.bounds}
    most = own[name].upper if name in own else asked.max_weight
    clusters = tuple(
        replace(cluster, members=(*cluster.members, "copy")) if name in cluster.members else cluster
        for cluster in asked.clusters
    )
    return Problem(
        scenarios=ReturnsMatrix(
            matrix.dates,
            (*matrix.strategies, "copy"),
            np.column_stack((matrix.values, matrix.values[:, of] - worse_by)),
        ),
        expected_returns=np.append(problem.expected_returns, problem.expected_returns[of] - 252 * worse_by),
        margins=np.append(problem.margins, problem.margins[of]),
        current_weights=np.append(problem.current_weights, 0.0),
        constraints=replace(
            asked,
            clusters=(*clusters, Cluster("shared", (name, "copy"), most)),
            bounds=(*asked.bounds, WeightBounds("copy", 0.0, most)),
        ),
    )


def tighter(problem: Problem, seed: int) -> dict[str, Problem]:
    """The problem with one more limit, or one limit less wide, of each kind."""
    rng, asked, names = np.random.default_rng(seed), problem.constraints, problem.scenarios.strategies
    general = [name for name in names if name not in {bounds.strategy for bounds in asked.bounds}]
    low, high = asked.min_weight, asked.max_weight
    fixed = float(rng.uniform(low, high)) if low <= high else low
    share = float(rng.uniform(0.3, 0.95))

    def lower(limit: float | None, typical: float) -> float:
        return (typical if limit is None else limit) * share

    held = float(problem.current_weights.sum())
    changes: dict[str, dict[str, Any]] = {
        "cvar_limit": {"cvar_limit": lower(asked.cvar_limit, 0.02)},
        "max_leverage": {"max_leverage": asked.max_leverage * share},
        "max_weight": {"max_weight": high * share},
        "min_weight": {"min_weight": low + 0.01},
        "margin_cap": {"margin_cap": lower(asked.margin_cap, 0.5)},
        "cluster": {"clusters": (*asked.clusters, Cluster("one more", names[: len(names) // 2 + 1], 0.3 * share))},
        "max_turnover": {"max_turnover": lower(asked.max_turnover, 1.0)},
        "max_cdar": {"max_cdar": 0.05 * share},
        "min_weight_if_held": {"min_weight_if_held": 0.1 * share},
        "transaction_cost": {"transaction_cost": asked.transaction_cost + 0.02 * share},
    }
    if asked.budget is None:
        changes["budget"] = {"budget": min(held or 0.3, asked.max_leverage) * share}
    if general:
        changes["fixed weight"] = {"bounds": (*asked.bounds, WeightBounds(general[-1], fixed, fixed))}
        changes["own cap"] = {"bounds": (*asked.bounds, WeightBounds(general[-1], low, max(low, high * share)))}
    return {name: constrained(problem, **change) for name, change in changes.items()}


def falling(order: np.ndarray) -> Problem:
    """One strategy that gains 1 % and loses 0.8 % equally often, its days in the given order."""
    values = np.where(np.arange(60) % 2 == 0, 0.01, -0.008)[order][:, None]
    none = np.zeros(1)
    limits = Constraints(cvar_limit=None, margin_cap=None, max_weight=2.0, max_cdar=0.016)
    return Problem(
        ReturnsMatrix(np.datetime64("2020-01-01") + np.arange(60), ("A",), values), none + 0.1, none, none, limits
    )
