"""The last way to an answer: PyPortfolioOpt's EfficientCVaR, in the form it knows, which is fully invested.

Weights are shares of the greatest Σw, with a last asset that never moves for what is left in cash. PyPortfolioOpt and
its solvers take seconds to import and are needed almost never, so they are imported when they are.
"""

from __future__ import annotations

import numpy as np

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import BASIS_POINTS, Aim, Multipliers, Vertex
from fund_pipeline.cerebro.model import Floats

SOLVER = "PyPortfolioOpt EfficientCVaR"

_PRECISE = {"tol_gap_rel": 1e-11, "tol_gap_abs": 1e-11, "tol_feas": 1e-12, "max_iter": 400}


def optimise(limits: Limits, aim: Aim) -> Vertex | str:
    """The optimum, or in words why there is none from here. Trades and targets are not translated."""
    if limits.counts_trades or limits.target_return is not None or not np.isfinite(limits.upper).all():
        return f"{SOLVER} is not asked about trades, a target return or unbounded weights"
    if aim is not Aim.MOST_RETURN or limits.cvar_limit is None:
        return f"{SOLVER} is only asked for the most return within a CVaR limit"
    return _most_return(limits, limits.cvar_limit)


def _most_return(limits: Limits, cvar_limit: float) -> Vertex | str:
    from cvxpy.error import SolverError
    from pypfopt import EfficientCVaR
    from pypfopt.exceptions import OptimizationError

    n = limits.expected.size
    whole = limits.budget if limits.budget is not None else float(limits.upper.sum())
    if whole <= 0.0:
        return f"{SOLVER} cannot divide by a greatest sum of weights of 0"
    cash = 0.0 if limits.budget is not None else 1.0
    optimiser = EfficientCVaR(
        np.append(limits.expected, 0.0) * BASIS_POINTS,
        np.column_stack((limits.returns, np.zeros(len(limits.returns)))) * BASIS_POINTS,
        beta=limits.beta,
        solver="CLARABEL",
        solver_options=_PRECISE,
        weight_bounds=list(
            zip(
                np.append(limits.lower / whole, 0.0),
                np.append(limits.upper / whole, cash),
                strict=True,
            )
        ),
    )
    before = len(optimiser._constraints)
    for row in limits.rows:
        shares = np.append(row.coefficients, 0.0) * whole
        optimiser.add_constraint(lambda w, shares=shares, bound=row.bound: shares @ w <= bound)
    try:
        optimiser.efficient_risk(cvar_limit / whole * BASIS_POINTS)
    except (OptimizationError, SolverError) as error:
        return f"{SOLVER}: {error}"
    constraints = optimiser._constraints
    rows = [float(c.dual_value) for c in constraints[before : before + len(limits.rows)]]
    # efficient_risk adds, in this order: CVaR, u ≥ 0, the rows of the scenarios, Σw = 1.
    scenarios, total = constraints[-2].dual_value, constraints[-1].dual_value
    weights: Floats = np.clip(np.asarray(optimiser.weights)[:n] * whole, limits.lower, limits.upper)
    return Vertex(
        weights=weights,
        multipliers=Multipliers(
            scenarios=np.maximum(np.asarray(scenarios, dtype=np.float64), 0.0),
            rows=np.maximum(np.array(rows), 0.0) * whole,
            turnover=0.0,
            trades=np.zeros(n),
            budget=float(np.asarray(total)) if limits.budget is not None else 0.0,
            target_return=0.0,
        ),
        objective=-float(limits.expected @ weights) * BASIS_POINTS,
    )
