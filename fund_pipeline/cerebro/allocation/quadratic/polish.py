"""From an interior point to the exact one: the optimum is that of its active rows taken as equalities.

As in B. Stellato et al., "OSQP: an operator splitting solver for quadratic programs", Mathematical Programming
Computation 12 (2020), section 4.2, with the set of active rows corrected a few times.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import LinAlgWarning, lu_factor, lu_solve

from fund_pipeline.cerebro.allocation.quadratic.convex import Point, Qp
from fund_pipeline.cerebro.model import Floats

_ROUNDS = 6
_REFINEMENTS = 6
_SOFT = 1e-9
"""What makes the equations solvable where rows depend on each other; the refinements take it out again."""

_LARGE = 3000
"""Unknowns above which the dense equations cost more than they give."""

_GOOD = 1e-15


def polished(qp: Qp, point: Point) -> Point:
    """The better of the point and what its active rows give, by the residual."""
    best, least = point, qp.residual(point)
    slack = qp.bounds - qp.rows @ point.x
    active = point.prices > slack
    active[: qp.equalities] = True
    for _ in range(_ROUNDS):
        if active.sum() + point.x.size > _LARGE or least <= _GOOD:
            break
        candidate = _on(qp, active)
        if candidate is None:
            break
        x, prices = candidate
        wrong = prices < -1e-14 * max(1.0, float(np.abs(prices).max()))
        wrong[: qp.equalities] = False
        clean = Point(x, np.concatenate((prices[: qp.equalities], np.maximum(prices[qp.equalities :], 0.0))))
        residual = qp.residual(clean)
        if residual < least:
            best, least = clean, residual
        broken = qp.rows @ x - qp.bounds > 1e-13
        corrected = (active & ~wrong) | broken
        corrected[: qp.equalities] = True
        if (corrected == active).all():
            break
        active = corrected
    return best


def _on(qp: Qp, active: NDArray[np.bool_]) -> tuple[Floats, Floats] | None:
    """The stationary point with the active rows as equalities; None if the equations have no good solution."""
    rows = sparse.csr_matrix(qp.rows)[np.flatnonzero(active)].toarray()
    n, m = qp.linear.size, len(rows)
    exact = np.zeros((n + m, n + m))
    exact[:n, :n] = qp.quadratic.toarray()
    exact[:n, n:], exact[n:, :n] = rows.T, rows
    soft = exact.copy()
    soft[np.arange(n + m), np.arange(n + m)] += np.concatenate((np.full(n, _SOFT), np.full(m, -_SOFT)))
    wanted = np.concatenate((-qp.linear, qp.bounds[active]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        factors = lu_factor(soft, overwrite_a=True, check_finite=False)
    solution = lu_solve(factors, wanted, check_finite=False)
    for _ in range(_REFINEMENTS):
        solution = solution + lu_solve(factors, wanted - exact @ solution, check_finite=False)
    if not np.isfinite(solution).all():
        return None
    prices = np.zeros(active.size)
    prices[active] = solution[n:]
    return solution[:n], prices
