"""Recorded weights measured anew, independently of the optimiser that found them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.accounts.limits import FundLimits
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.model import Allocation, OptimisationRun

ROUNDING = 1e-12


@dataclass(frozen=True)
class Breach:
    """A limit that recorded weights do not obey."""

    limit: str
    allowed: float
    measured: float


def breaches(allocation: Allocation, run: OptimisationRun, matrix: ReturnsMatrix) -> tuple[Breach, ...]:
    """Every limit of the run that the allocation's weights break on these returns; none if all is well.

    Raises InvariantError when the returns no longer hold a strategy that has weight.
    """
    limits = FundLimits.model_validate(run.inputs["limits"])
    optimised = tuple(run.inputs["backtests"])
    if unknown := sorted((set(optimised) | set(allocation.weights)) - set(matrix.strategies)):
        raise InvariantError(f"{allocation.allocation_id} rests on {', '.join(unknown)}, which has no returns")
    weights = np.array([float(allocation.weights.get(name, 0)) for name in optimised])
    window = matrix.select(optimised).common_window()
    margins = np.array([run.inputs["margins"][name] for name in optimised])
    current = np.array([run.inputs["current_weights"].get(name, 0.0) for name in optimised])
    measured = [
        ("no short weights", 0.0, float(-weights.min(initial=0.0))),
        ("max_weight", limits.max_weight, float(weights.max(initial=0.0))),
        ("max_leverage", limits.max_leverage, float(weights.sum())),
        ("margin_cap", limits.margin_cap, float(margins @ weights)),
        ("cvar_limit", limits.cvar_limit, cvar(window.values @ weights, limits.beta) if weights.any() else 0.0),
    ]
    if limits.max_turnover is not None:
        measured.append(("max_turnover", limits.max_turnover, float(np.abs(weights - current).sum())))
    return tuple(
        Breach(name, allowed, found) for name, allowed, found in measured if found > allowed + ROUNDING * (1 + allowed)
    )
