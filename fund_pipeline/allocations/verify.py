"""Recorded weights measured anew, independently of the optimiser that found them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from fund_pipeline.accounts.limits import FundLimits
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.model import Allocation, OptimisationRun

ROUNDING = 1e-12
GREATEST_GAP = 1e-8
"""Relative gap between an optimum and its proven bound up to which it counts as proven."""


@dataclass(frozen=True)
class Breach:
    """A limit that recorded weights do not obey."""

    limit: str
    allowed: float
    measured: float


def is_proven(run: OptimisationRun) -> bool:
    """Whether the run's optimum has its certificate."""
    certificate = run.result["certificate"]
    gap = certificate["relative_gap"] if certificate is not None else None
    return gap is not None and gap <= GREATEST_GAP


def breaches(
    allocation: Allocation, run: OptimisationRun, limits: FundLimits, matrix: ReturnsMatrix
) -> tuple[Breach, ...]:
    """`breaches_of` the allocation's weights."""
    return breaches_of(allocation.weights, run, limits, matrix)


def breaches_of(
    given: Mapping[str, Decimal], run: OptimisationRun, limits: FundLimits, matrix: ReturnsMatrix
) -> tuple[Breach, ...]:
    """Every one of the fund's present limits that some weights break on a run's returns; none if all is well.

    Raises InvariantError when the returns do not hold a strategy that has weight.
    """
    optimised = tuple(run.inputs["backtests"])
    if unknown := sorted((set(optimised) | set(given)) - set(matrix.strategies)):
        raise InvariantError(f"weights of {run.run_id} rest on {', '.join(unknown)}, which has no returns")
    weights = np.array([float(given.get(name, 0)) for name in optimised])
    window = matrix.select(optimised).common_window()
    margins = np.array([run.inputs["margins"][name] for name in optimised])
    measured = [
        ("no short weights", 0.0, float(-weights.min(initial=0.0))),
        ("max_weight", limits.max_weight, float(weights.max(initial=0.0))),
        ("max_leverage", limits.max_leverage, float(weights.sum())),
        ("margin_cap", limits.margin_cap, float(margins @ weights)),
        ("cvar_limit", limits.cvar_limit, cvar(window.values @ weights, limits.beta) if weights.any() else 0.0),
    ]
    held = {name: float(weight) for name, weight in given.items()}
    if limits.max_turnover is not None:
        current = run.inputs["current_weights"]
        turnover = sum(abs(held.get(name, 0.0) - current.get(name, 0.0)) for name in held.keys() | current.keys())
        measured.append(("max_turnover", limits.max_turnover, turnover))
    if limits.cluster_cap is not None:
        for cluster in run.inputs["clusters"]:
            together = sum(held.get(name, 0.0) for name in cluster["members"])
            measured.append((f"cluster of {', '.join(cluster['members'])}", limits.cluster_cap, together))
    return tuple(
        Breach(name, allowed, found) for name, allowed, found in measured if found > allowed + ROUNDING * (1 + allowed)
    )
