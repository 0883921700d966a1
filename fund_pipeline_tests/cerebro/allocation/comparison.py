"""The fast engine against the plain programme on one problem; for the tests and the campaign."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from fund_pipeline.cerebro.allocation import Problem
from fund_pipeline.cerebro.allocation.bound import dual_bound
from fund_pipeline.cerebro.allocation.fast.engine import Declined, Engine
from fund_pipeline.cerebro.allocation.ladder import objective_of
from fund_pipeline.cerebro.allocation.limits import Limits, limits_of
from fund_pipeline.cerebro.allocation.lp import Aim, optimise

VIOLATION = 1e-9
DIFFERENCE = 1e-7
GAP = 1e-8
LEAST_SCALE = 1e-4


@dataclass(frozen=True)
class Comparison:
    """What was found. `faults` is empty where both agree and the fast answer is proved and within its limits."""

    feasible: bool
    gap: float = 0.0
    difference: float = 0.0
    faults: tuple[str, ...] = ()


def questions(problem: Problem) -> tuple[tuple[Limits, Aim], ...]:
    """The most return of the problem, the least CVaR for a fifth of the greatest expected return, and the best trade of
    CVaR against return within the CVaR limit and without.
    """
    limits = limits_of(problem)
    target = 0.2 * max(float(limits.expected.max()), 0.0) * float(limits.upper[0])
    traded = replace(limits, reward=0.1, cvar_limit=limits.cvar_limit if len(limits.returns) % 2 else None)
    return (
        (limits, Aim.MOST_RETURN),
        (replace(limits, cvar_limit=None, target_return=target), Aim.LEAST_CVAR),
        (traded, Aim.LEAST_CVAR),
    )


def compare(limits: Limits, aim: Aim, engine: Engine | None = None) -> Comparison:
    """Ask both; a new engine if none is given."""
    fast = (engine or Engine()).optimise(limits, aim)
    plain = optimise(limits, aim)
    if isinstance(fast, Declined):
        agree = plain is None and fast is Declined.INFEASIBLE
        return Comparison(feasible=False, faults=() if agree else (f"{fast.name}, but the plain programme answers",))
    if plain is None:
        return Comparison(feasible=True, faults=("answered, but the plain programme finds no weights",))
    reached, other = objective_of(limits, aim, fast.weights), objective_of(limits, aim, plain.weights)
    bound = dual_bound(limits, aim, fast.multipliers).value
    gap = abs(bound - reached) / max(abs(bound), LEAST_SCALE)
    difference = abs(reached - other) / max(abs(other), LEAST_SCALE)
    faults = [f"breaks {name}" for name in limits.broken_by(fast.weights, VIOLATION)]
    # Written so that a NaN is a fault.
    if not gap <= GAP:
        faults.append(f"gap {gap:.1e}")
    if not difference <= DIFFERENCE or not math.isfinite(fast.objective):
        faults.append(f"differs by {difference:.1e}")
    return Comparison(feasible=True, gap=gap, difference=difference, faults=tuple(faults))
