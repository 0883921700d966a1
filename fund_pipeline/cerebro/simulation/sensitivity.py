"""What the optimum would be if a limit or an expected return were a little different."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

import numpy as np

from fund_pipeline.cerebro.allocation import Constraints, Problem, Session, Solution, SolutionStatus, WeightBounds
from fund_pipeline.cerebro.simulation.objective import net_return
from fund_pipeline.errors import InputError

_LIMITS = (
    "cvar_limit",
    "max_leverage",
    "max_weight",
    "min_weight",
    "margin_cap",
    "max_turnover",
    "budget",
    "max_cdar",
    "min_weight_if_held",
)
"""Fields of Constraints that are limits of one number."""


class MovedKind(StrEnum):
    """What was moved."""

    LIMIT = "limit"
    MEAN = "mean"


@dataclass(frozen=True)
class Move:
    """One number moved, all others as they were.

    Attributes
    ----------
    name : field of Constraints, with the cluster or the strategy with bounds of its own after a colon (`fixed_weight:`
        where they are equal); or the strategy whose mean it is.
    before, after : the number.
    status : of the optimum after the move.
    objective : expected annual return of that optimum, net of the price of trades; None if INFEASIBLE.
    change : of the objective; None if INFEASIBLE.
    predicted_change : by the shadow price (for a mean by the weight, which is its slope); it is exact as long as the
        same limits bind, and 0 for a limit that does not bind. None for `min_weight_if_held`, which has no price.
    largest_weight_change : greatest |w after − w before|; None if INFEASIBLE.
    conflicts : when INFEASIBLE, the limits that contradict each other.
    """

    kind: MovedKind
    name: str
    before: float
    after: float
    status: SolutionStatus
    objective: float | None
    change: float | None
    predicted_change: float | None
    largest_weight_change: float | None
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class Sensitivity:
    """The optimum and every move; a move down comes before the same one up.

    Attributes
    ----------
    base : the optimum as it is.
    objective : its expected annual return, net of the price of trades.
    """

    base: Solution
    objective: float
    limits: tuple[Move, ...]
    means: tuple[Move, ...]


def sensitivity(problem: Problem, *, relative: float = 0.05, session: Session | None = None) -> Sensitivity:
    """Move every limit that is set, and every mean, down and up by a share of itself, and solve again.

    A limit or mean of 0 has no share of itself to move by and is left out.

    Parameters
    ----------
    relative : share by which to move, in (0, 1).
    session : reused if given; every solve is warm.

    Raises
    ------
    InputError : a share out of range. InfeasibleError : the problem as it is has no answer.
    """
    if not 0.0 < relative < 1.0:
        raise InputError(f"relative is {relative}, expected a share between 0 and 1")
    session = session or Session()
    base = session.solve(problem)
    base.found()
    limits = []
    for name, before, after, constraints in _moved_constraints(problem.constraints, relative):
        solution = session.solve(replace(problem, constraints=constraints))
        predicted = _predicted(problem.constraints, base, name, after - before)
        limits.append(_move(MovedKind.LIMIT, name, before, after, predicted, base, solution))
    means = []
    for i, sign in product(np.flatnonzero(problem.expected_returns), (-1.0, 1.0)):
        before = float(problem.expected_returns[i])
        after = before + sign * relative * abs(before)
        expected = problem.expected_returns.copy()
        expected[i] = after
        solution = session.solve(replace(problem, expected_returns=expected))
        predicted = float(base.weights[i]) * (after - before)
        means.append(_move(MovedKind.MEAN, base.strategies[i], before, after, predicted, base, solution))
    return Sensitivity(base, net_return(base), tuple(limits), tuple(means))


def _moved_constraints(asked: Constraints, relative: float) -> Iterator[tuple[str, float, float, Constraints]]:
    """Name, value before and after, and the constraints with it; down and then up."""
    factors = (1.0 - relative, 1.0 + relative)
    for name in _LIMITS:
        value = getattr(asked, name)
        for factor in factors if value else ():
            yield name, value, value * factor, replace(asked, **{name: value * factor})
    for cluster, factor in product(asked.clusters, factors):
        wider = replace(cluster, cap=cluster.cap * factor)
        clusters = tuple(wider if other is cluster else other for other in asked.clusters)
        if cluster.cap:
            yield f"cluster:{cluster.name}", cluster.cap, wider.cap, replace(asked, clusters=clusters)
    for own in asked.bounds:
        for (name, fields), factor in product(_bounds_that_move(own), factors):
            before = getattr(own, fields[0])
            moved = replace(own, **dict.fromkeys(fields, before * factor))
            bounds = tuple(moved if other is own else other for other in asked.bounds)
            yield f"{name}:{own.strategy}", before, before * factor, replace(asked, bounds=bounds)


def _bounds_that_move(own: WeightBounds) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and fields: a fixed weight moves as one, else each bound that is not 0 alone."""
    if own.lower == own.upper:
        if own.upper:
            yield "fixed_weight", ("lower", "upper")
        return
    if own.lower:
        yield "min_weight", ("lower",)
    if own.upper:
        yield "max_weight", ("upper",)


def _predicted(constraints: Constraints, base: Solution, name: str, by: float) -> float | None:
    """Change of the objective by the shadow prices; a limit that holds for many strategies has the sum of theirs."""
    if name == "min_weight_if_held" or base.certificate is None:
        return None
    prices = {binding.name: binding.shadow_price for binding in base.certificate.binding}
    bound, _, strategy = name.partition(":")
    if bound == "fixed_weight":
        return by * (prices.get(f"min_weight:{strategy}", 0.0) + prices.get(f"max_weight:{strategy}", 0.0))
    if name in ("min_weight", "max_weight"):
        own = {bounds.strategy for bounds in constraints.bounds}
        general = (f"{name}:{strategy}" for strategy in base.strategies if strategy not in own)
        return by * math.fsum(prices.get(one, 0.0) for one in general)
    return by * prices.get(name, 0.0)


def _move(
    kind: MovedKind,
    name: str,
    before: float,
    after: float,
    predicted: float | None,
    base: Solution,
    solution: Solution,
) -> Move:
    found = solution.portfolio is not None
    objective = net_return(solution) if found else None
    return Move(
        kind=kind,
        name=name,
        before=before,
        after=after,
        status=solution.status,
        objective=objective,
        change=None if objective is None else objective - net_return(base),
        predicted_change=predicted,
        largest_weight_change=float(np.abs(solution.weights - base.weights).max()) if found else None,
        conflicts=solution.conflicts,
    )
