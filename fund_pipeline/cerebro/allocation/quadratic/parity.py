"""Risk parity: every strategy contributes the same to volatility.

The contributions wᵢ·(Σw)ᵢ are equal where ½·y'Σy − (1/n)·Σ ln yᵢ is least, a strictly convex problem with one answer
(S. Maillard, T. Roncalli and J. Teïletche, Journal of Portfolio Management 36, 2010; F. Spinu, "An algorithm for
computing risk parity weights", 2013). It is solved by Newton's method on the correlations, damped as for
self-concordant functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic.composition import held_by_risk
from fund_pipeline.cerebro.allocation.quadratic.options import refuse_shapes
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic
from fund_pipeline.cerebro.allocation.quadratic.risk import Risk, risk_of_returns
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError

SOLVER = "Newton on equal contributions"

_STEPS = 500
_EXACT = 1e-14
_EQUAL = 1e-12


def risk_parity(limits: Limits, *, risk: Risk | None = None) -> Quadratic | Conflict:
    """Weights with equal contributions to volatility, as large as every limit allows; with a budget all of it.

    Strategies that do not move or may not be held get nothing, and the notes say so. Expected returns play no part.

    Raises
    ------
    InputError : a limit that would change the composition; strategies that cancel each other, for which no weights
        have equal contributions.
    """
    refuse_shapes(limits, "risk parity")
    risk = risk or risk_of_returns(limits.returns)

    def compose(chosen: NDArray[np.intp]) -> Floats:
        deviations = risk.deviations[chosen]
        if risk.factor is not None:
            part = risk.factor[:, chosen]
            covariance = part.T @ part
        else:
            covariance = risk.matrix()[np.ix_(chosen, chosen)]
        shares = equal_contributions(covariance / np.outer(deviations, deviations)) / deviations
        composition: Floats = shares / shares.sum()
        return composition

    def deviation(weights: Floats, chosen: NDArray[np.intp]) -> float:
        return contribution_deviation((weights * risk.slope(weights))[chosen])

    return held_by_risk(limits, risk, compose, deviation)


def contribution_deviation(contributions: Floats) -> float:
    """Greatest |contribution ÷ mean contribution − 1|."""
    return float(np.abs(contributions / contributions.mean() - 1.0).max())


def equal_contributions(correlation: Floats) -> Floats:
    """(n,) y > 0 with yᵢ·(C y)ᵢ = 1/n for a correlation matrix (n, n), which may be singular.

    Raises
    ------
    InputError : no such y, for some combination of the strategies, none of them short, does not move.
    """
    n = len(correlation)
    y = np.full(n, 1.0 / np.sqrt(max(float(correlation.sum()), 1e-3 * n)))
    best, least = y, np.inf
    for _ in range(_STEPS):
        product = correlation @ y
        residual = float(np.abs(n * y * product - 1.0).max())
        if residual < least:
            best, least = y, residual
        elif least <= _EQUAL:
            break
        if least <= _EXACT:
            break
        # In units of y the Hessian is Y C Y + I/n, well conditioned whatever the correlations.
        scaled = y[:, None] * correlation * y
        scaled[np.diag_indices(n)] += 1.0 / n
        gradient = y * product - 1.0 / n
        try:
            step = cho_solve(cho_factor(scaled, lower=True), gradient)
        except LinAlgError:
            break
        decrement = float(np.sqrt(max(gradient @ step, 0.0) * n))
        full = decrement < 0.25 and np.abs(step).max() < 0.9
        y = y * (1.0 - step / (1.0 if full else 1.0 + decrement))
        if not np.isfinite(y).all():
            break
    if least > _EQUAL:
        raise InputError(
            "risk parity has no answer: some of the strategies cancel each other, so that no weights share the risk",
            remedy="leave out one of two strategies that are each other's mirror image",
        )
    return best
