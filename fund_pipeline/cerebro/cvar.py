"""Value at risk and conditional value at risk of a sample, exactly as Rockafellar & Uryasev define them.

R. T. Rockafellar and S. Uryasev, "Conditional value-at-risk for general loss distributions", Journal of Banking and
Finance 26 (2002), Proposition 8: CVaR_β is the mean of the worst (1 − β)·S losses, the VaR scenario counting with the
fraction that fills the tail. Losses are positive: a CVaR of 0.01 is an average loss of one per cent on the worst days.
"""

from __future__ import annotations

import math

import numpy as np

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError

_INTEGER_TOLERANCE = 1e-9
"""β·S is taken as a whole number when it is this close to one: 0.95 × 100 must be 95, whatever binary fractions say."""


def check_beta(beta: float) -> None:
    """Raise InputError unless 0 < beta < 1."""
    if not 0.0 < beta < 1.0:
        raise InputError(
            f"beta is {beta}, expected a confidence level strictly between 0 and 1", remedy="give for example 0.95"
        )


def var(returns: Floats, beta: float) -> float:
    """The smallest loss that is not exceeded with probability beta (lower β-quantile of the loss).

    Parameters
    ----------
    returns : shape (S,), decimal returns, no NaN.
    beta : confidence level in (0, 1).

    Returns
    -------
    Loss as a decimal, positive when money is lost.

    Raises
    ------
    InputError : beta outside (0, 1), no returns, or a return that is NaN or infinite.
    """
    losses = _losses(returns, beta)
    position = _var_position(losses.size, beta)
    return float(np.partition(losses, position)[position]) + 0.0  # no −0.0


def cvar(returns: Floats, beta: float) -> float:
    """Mean of the worst (1 − beta)·S losses. Parameters, unit and errors as for `var`."""
    losses = _losses(returns, beta)
    return float(_weights_of_tail(losses, beta) @ losses) + 0.0  # no −0.0


def tail_weights(returns: Floats, beta: float) -> Floats:
    """Scenario weights whose mean loss is the CVaR: shape (S,), non-negative, summing to 1.

    Scenarios that tie at the VaR share what is left of the tail equally, so the order of the days never matters.
    Parameters and errors as for `var`.
    """
    return _weights_of_tail(_losses(returns, beta), beta)


def cvar_contributions(returns: Floats, weights: Floats, beta: float) -> Floats:
    """Euler contributions of N strategies to the portfolio's CVaR; they sum to it.

    CVaR is homogeneous of degree one in the weights, so CVaR = Σ wᵢ·∂CVaR/∂wᵢ, with the gradient −E[rᵢ | tail]
    (D. Tasche, "Risk contributions and performance measurement", 1999).

    Parameters
    ----------
    returns : shape (S, N), decimal returns, no NaN.
    weights : shape (N,).
    beta : confidence level in (0, 1).

    Returns
    -------
    Shape (N,), decimals of portfolio value. Errors as for `var`, and for shapes that do not match.
    """
    if returns.ndim != 2 or weights.shape != (returns.shape[1],):
        raise InputError(
            f"returns have shape {returns.shape} and weights {weights.shape}, expected (S, N) and (N,)",
            remedy="give one weight per column of returns",
        )
    tail = tail_weights(returns @ weights, beta)
    contributions: Floats = -weights * (tail @ returns)
    return contributions


def _losses(returns: Floats, beta: float) -> Floats:
    check_beta(beta)
    if returns.ndim != 1 or returns.size == 0:
        raise InputError(f"returns have shape {returns.shape}, expected at least one return in one dimension")
    if not np.isfinite(returns).all():
        day = int(np.flatnonzero(~np.isfinite(returns))[0])
        raise InputError(f"return {day} is {returns[day]}", remedy="leave out the days without a return first")
    return -returns.astype(np.float64)


def _var_position(scenarios: int, beta: float) -> int:
    """Index of the VaR among the losses in increasing order."""
    return max(math.ceil(beta * scenarios - _INTEGER_TOLERANCE), 1) - 1


def _weights_of_tail(losses: Floats, beta: float) -> Floats:
    position = _var_position(losses.size, beta)
    level = np.partition(losses, position)[position]
    tail_size = losses.size * (1.0 - beta)
    beyond = losses > level
    at_level = losses == level
    share_at_level = max(1.0 - beyond.sum() / tail_size, 0.0)
    weights = np.where(beyond, 1.0 / tail_size, 0.0)
    weights[at_level] = share_at_level / at_level.sum()
    normalised: Floats = weights / weights.sum()
    return normalised
