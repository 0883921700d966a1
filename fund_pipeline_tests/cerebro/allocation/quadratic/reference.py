"""The same questions put to cvxpy as a whole, CVaR and CDaR by their linear programmes; for the tests."""

from __future__ import annotations

import warnings

import cvxpy
import numpy as np

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.model import Floats

_PRECISE = {"tol_gap_rel": 1e-11, "tol_gap_abs": 1e-12, "tol_feas": 1e-11, "max_iter": 400}


def least_variance(limits: Limits, covariance: Floats) -> float | None:
    """Annual variance; None if infeasible."""
    w = cvxpy.Variable(limits.expected.size)
    # In units of 1 % a year, for the solver's tolerances are absolute.
    value = _solve(cvxpy.Minimize(cvxpy.sum_squares(_root(covariance) @ w * 100.0)), _within(limits, w))
    return None if value is None else value / 1e4


def best_trade(limits: Limits, covariance: Floats, risk_aversion: float) -> float | None:
    """Return net of trades − risk_aversion/2 × variance; None if infeasible."""
    w = cvxpy.Variable(limits.expected.size)
    utility = _net(limits, w) - risk_aversion / 2.0 * cvxpy.sum_squares(_root(covariance) @ w)
    return _solve(cvxpy.Maximize(utility), _within(limits, w))


def most_beyond(limits: Limits, covariance: Floats, ratio: float) -> float | None:
    """The most return net of trades − ratio × volatility: 0 at the greatest ratio (W. Dinkelbach, 1967)."""
    w = cvxpy.Variable(limits.expected.size)
    return _solve(cvxpy.Maximize(_net(limits, w) - ratio * cvxpy.norm(_root(covariance) @ w)), _within(limits, w))


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))).T


def _net(limits: Limits, w: cvxpy.Variable) -> cvxpy.Expression:
    return limits.expected @ w - limits.trade_price * cvxpy.norm1(w - limits.current)


def _within(limits: Limits, w: cvxpy.Variable) -> list[cvxpy.Constraint]:
    days = len(limits.returns)
    found = [w >= limits.lower, w <= np.minimum(limits.upper, 1e3)]
    found += [row.coefficients @ w <= row.bound for row in limits.rows]
    losses = -(limits.returns @ w)
    if limits.cvar_limit is not None:
        found.append(_tail(losses, limits.beta) * 100.0 <= limits.cvar_limit * 100.0)
    if limits.drawdown is not None:
        depth = cvxpy.Variable(days, nonneg=True)
        found += [depth[0] >= losses[0], depth[1:] >= depth[:-1] + losses[1:]]
        found.append(_tail(depth, limits.drawdown.beta) * 100.0 <= limits.drawdown.bound * 100.0)
    if limits.turnover is not None:
        found.append(cvxpy.norm1(w - limits.current) <= limits.turnover)
    if limits.budget is not None:
        found.append(cvxpy.sum(w) == limits.budget)
    if limits.target_return is not None:
        found.append(_net(limits, w) >= limits.target_return)
    return found


def _tail(losses: cvxpy.Expression, beta: float) -> cvxpy.Expression:
    level = cvxpy.Variable()
    return level + cvxpy.sum(cvxpy.pos(losses - level)) / ((1.0 - beta) * losses.size)


def _solve(objective: cvxpy.Minimize | cvxpy.Maximize, within: list[cvxpy.Constraint]) -> float | None:
    problem = cvxpy.Problem(objective, within)
    with warnings.catch_warnings():
        # It is asked for more than it can always give; the comparison says whether it was enough.
        warnings.filterwarnings("ignore", "Solution may be inaccurate")
        problem.solve(solver="CLARABEL", **_PRECISE)
    return None if problem.status in ("infeasible", "infeasible_inaccurate") else float(problem.value)
