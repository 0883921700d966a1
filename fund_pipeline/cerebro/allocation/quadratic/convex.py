"""Convex quadratic programmes in one form, and Clarabel, which solves them.

P. Goulart and Y. Chen, "Clarabel: an interior-point solver for conic programs with quadratic objectives" (2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import clarabel
import numpy as np
from scipy import sparse

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

SOLVER = f"Clarabel {clarabel.__version__}"

_TOLERANCES = (1e-13, 1e-12, 1e-11, 1e-9)
"""Asked of the solver in turn until it reaches one; what it found is checked by us."""


@dataclass(frozen=True)
class Qp:
    """Minimise ½·xᵀPx + qᵀx over x (n,) with A x = b in the first `equalities` rows and A x ≤ b in the others.

    Attributes
    ----------
    quadratic : (n, n) P, sparse, positive semidefinite.
    linear : (n,) q.
    rows, bounds : (m, n) A, sparse, each row's greatest coefficient about 1; (m,) b.
    """

    quadratic: Any
    linear: Floats
    rows: Any
    bounds: Floats
    equalities: int

    def residual(self, point: Point) -> float:
        """Greatest of stationarity, violation, a multiplier of the wrong sign, and complementarity; absolute."""
        slack = self.bounds - self.rows @ point.x
        prices = point.prices
        gradient = self.quadratic @ point.x + self.linear
        push = self.rows.T @ prices
        size = max(1.0, float(np.abs(gradient).max(initial=0.0)))
        stationary = float(np.abs(gradient + push).max(initial=0.0)) / size
        held = np.abs(slack[: self.equalities])
        over = np.maximum(-slack[self.equalities :], 0.0)
        wrong = np.maximum(-prices[self.equalities :], 0.0) / size
        idle = np.minimum(np.maximum(prices[self.equalities :], 0.0) / size, np.maximum(slack[self.equalities :], 0.0))
        return max(stationary, *(float(part.max(initial=0.0)) for part in (held, over, wrong, idle)))


@dataclass(frozen=True)
class Point:
    """x (n,) and the multipliers (m,), ≥ 0 for inequalities."""

    x: Floats
    prices: Floats


class Failed(Enum):
    """Why there is no point. Neither is a proof."""

    INFEASIBLE = "no point meets the rows"
    UNBOUNDED = "the objective falls for ever"


def interior_point(qp: Qp) -> Point | Failed:
    """Solve by Clarabel, on one thread.

    Raises
    ------
    InvariantError : the solver ended without an answer of any kind.
    """
    best: Point | None = None
    for tolerance in _TOLERANCES:
        found, is_solved = _run(qp, tolerance)
        if isinstance(found, Failed) or is_solved:
            return found
        if np.isfinite(found.x).all() and (best is None or qp.residual(found) < qp.residual(best)):
            best = found
    if best is None:
        raise InvariantError(f"{SOLVER} ended without a point")
    return best


def _run(qp: Qp, tolerance: float) -> tuple[Point | Failed, bool]:
    """What the solver found, and whether it says that it is optimal to the tolerance."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = tolerance
    cones: list[Any] = [clarabel.ZeroConeT(qp.equalities)] if qp.equalities else []
    if qp.bounds.size > qp.equalities:
        cones.append(clarabel.NonnegativeConeT(qp.bounds.size - qp.equalities))
    upper = sparse.csc_matrix(sparse.triu(qp.quadratic))
    solver = clarabel.DefaultSolver(upper, qp.linear, sparse.csc_matrix(qp.rows), qp.bounds, cones, settings)
    found = solver.solve()
    status = clarabel.SolverStatus
    if found.status in (status.PrimalInfeasible, status.AlmostPrimalInfeasible):
        return Failed.INFEASIBLE, True
    if found.status in (status.DualInfeasible, status.AlmostDualInfeasible):
        return Failed.UNBOUNDED, True
    prices = np.asarray(found.z)
    prices = np.concatenate((prices[: qp.equalities], np.maximum(prices[qp.equalities :], 0.0)))
    return Point(np.asarray(found.x), prices), found.status == status.Solved
