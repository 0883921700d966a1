"""Conditional drawdown at risk, of which the greatest drawdown is the limit, and its slope in the weights.

A. Chekhlov, S. Uryasev and M. Zabarankin, "Drawdown measure in portfolio optimization", International Journal of
Theoretical and Applied Finance 8 (2005): the drawdown of a day is the fall of the uncompounded cumulative return from
its highest value so far (0 at the start), a decimal of the capital at the start; CDaR_β is the mean of the worst
(1 − β)·S drawdowns. With β so near 1 that the tail is one day or less, it is the greatest drawdown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.cvar import cvar, tail_weights
from fund_pipeline.cerebro.model import Floats


def drawdowns(returns: Floats) -> Floats:
    """(S,) drawdown at the end of each day, 0 or positive, of decimal returns (S,)."""
    fallen: Floats = _highs(returns)[1:] - np.cumsum(returns)
    return fallen


def cdar(returns: Floats, beta: float) -> float:
    """Mean of the worst (1 − beta)·S drawdowns of decimal returns (S,). Errors as for `cvar`."""
    return max(cvar(-drawdowns(returns), beta), 0.0)


def cdar_slope(scenarios: Floats, weights: Floats, beta: float) -> Floats:
    """(N,) a subgradient of CDaR at weights (N,): slope · v ≤ CDaR(v) for all v, with equality at the weights.

    The drawdown of a day is the loss since its peak; CDaR is a mean of them over the worst days.

    Parameters
    ----------
    scenarios : (S, N) decimal returns.
    """
    returns = scenarios @ weights
    return _days_lost(returns, tail_weights(-drawdowns(returns), beta)) @ -scenarios


def _days_lost(returns: Floats, tail: Floats) -> Floats:
    """(S,) how much each day's return counts in Σ tailₜ·drawdownₜ: once for each drawdown it lies in."""
    days = returns.size
    peaks = _peaks(returns)
    begins = np.zeros(days + 1)
    np.add.at(begins, peaks, tail)
    ends = np.append(0.0, tail)
    counted: Floats = (np.cumsum(begins) - np.cumsum(ends))[:days]
    return counted


def _peaks(returns: Floats) -> NDArray[np.intp]:
    """(S,) for each day, the number of days after which the value was highest so far."""
    values = np.concatenate(([0.0], np.cumsum(returns)))
    at_high = values >= _highs(returns)
    latest = np.maximum.accumulate(np.where(at_high, np.arange(values.size), 0))
    found: NDArray[np.intp] = latest[1:]
    return found


def _highs(returns: Floats) -> Floats:
    highs: Floats = np.maximum.accumulate(np.concatenate(([0.0], np.cumsum(returns))))
    return highs
