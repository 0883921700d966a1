"""The same problem solved by others, each as its documentation says and with its default solver.

Every function takes raw returns (days, strategies), the CVaR limit as a decimal, and gives the expected annual return
that it reaches.

- PyPortfolioOpt, `EfficientCVaR.efficient_risk`: always fully invested, so it gets a last asset of no return, and
  weights and returns in halves of the leverage. Its model is built and solved by cvxpy with Clarabel.
- skfolio, `MeanRisk` with `MAXIMIZE_RETURN`, `max_cvar` and `max_budget` 2: the problem as it stands. cvxpy, Clarabel.
  `fit` also estimates the covariance, as it does for everyone who calls it.
- HiGHS by `scipy.optimize.linprog(method="highs")`: Rockafellar and Uryasev's programme, sparse, in basis points.
"""

from __future__ import annotations

import numpy as np
from pypfopt import EfficientCVaR
from scipy import sparse
from scipy.optimize import linprog

from benchmarks.cvar.problems import BETA, LEVERAGE, MAX_WEIGHT, annual_means

PYPORTFOLIOOPT, SKFOLIO, HIGHS = "PyPortfolioOpt", "skfolio", "scipy HiGHS"
EXACT = (PYPORTFOLIOOPT, HIGHS)
"""Peers without whose agreement a measurement is worth nothing."""


def by_pyportfolioopt(values: np.ndarray, limit: float, expected: np.ndarray | None = None) -> float:
    expected = annual_means(values) if expected is None else expected
    strategies = values.shape[1]
    optimiser = EfficientCVaR(
        np.append(expected, 0.0) * LEVERAGE,
        np.column_stack((values, np.zeros(len(values)))) * LEVERAGE,
        beta=BETA,
        weight_bounds=[(0.0, MAX_WEIGHT / LEVERAGE)] * strategies + [(0.0, 1.0)],
    )
    optimiser.efficient_risk(limit)
    return float(np.append(expected, 0.0) @ np.asarray(optimiser.weights)) * LEVERAGE


def by_skfolio(values: np.ndarray, limit: float) -> float:
    # Imported here: the other rows can be measured where the bench extra is not installed.
    from skfolio import RiskMeasure
    from skfolio.optimization import MeanRisk, ObjectiveFunction

    model = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_RETURN,
        risk_measure=RiskMeasure.CVAR,
        cvar_beta=BETA,
        max_cvar=limit,
        min_weights=0.0,
        max_weights=MAX_WEIGHT,
        budget=None,
        max_budget=LEVERAGE,
    )
    return float(annual_means(values) @ model.fit(values).weights_)


def by_highs(values: np.ndarray, limit: float) -> float:
    days, strategies = values.shape
    expected = annual_means(values)
    points = 1e4 * values
    share = 1.0 / ((1.0 - BETA) * days)
    # Columns: weights, level, excess losses. Each day's loss less the level is at most its excess.
    losses = sparse.hstack([sparse.csr_array(-points), -np.ones((days, 1)), -sparse.eye_array(days)])
    risk = np.concatenate([np.zeros(strategies), [1.0], np.full(days, share)])
    size = np.concatenate([np.ones(strategies), np.zeros(days + 1)])
    found = linprog(
        np.concatenate([-1e4 * expected, np.zeros(days + 1)]),
        A_ub=sparse.vstack([losses, sparse.csr_array(risk[None, :]), sparse.csr_array(size[None, :])], format="csr"),
        b_ub=np.concatenate([np.zeros(days), [1e4 * limit, LEVERAGE]]),
        bounds=[(0.0, MAX_WEIGHT)] * strategies + [(None, None)] + [(0.0, None)] * days,
        method="highs",
    )
    assert found.status == 0, found.message
    return float(expected @ found.x[:strategies])
