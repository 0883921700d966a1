"""Margin that was computed from the return instead of from positions.

A backtest that reports margin as k·|return|, or any other fixed function of it, has no margin history: such a figure
knows the day's result before the day has begun. Sorted by return, real margin still jumps about; a function does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError

MIN_DAYS = 60
"""Fewest days on which the question can be decided: the ratio's standard error is about 1 ÷ √days."""

SYNTHETIC_BELOW = 0.2
"""Ratio below which margin is called a function of the return; unrelated margin at 60 days lies six errors higher."""

_CONSTANT = 1e-6
"""Relative spread up to which margin is constant but for the rounding of the dollars it was computed from."""


@dataclass(frozen=True)
class SyntheticMargin:
    """Whether margin is a fixed function of the return.

    Attributes
    ----------
    flagged : True if it is; False also where there is too little to tell, or margin is constant.
    ratio : von Neumann ratio, about 0 for a smooth function and 1 for unrelated margin; None where it is not defined.
    days : days with a return and a margin, neither of them 0.
    """

    flagged: bool
    ratio: float | None
    days: int


def is_fixed_function_of_return(margin_use: Floats, returns: Floats) -> SyntheticMargin:
    """Test margin against the return of the same day, over days on which both are known and not 0.

    A day without margin is one without a position: its return is the cost of having left, which proves nothing.

    The days are put in order of |return|, and again of the signed return; in each the von Neumann ratio of margin is
    taken, Σ(mᵢ − mᵢ₊₁)² ÷ (2·Σ(mᵢ − m̄)²), of the values and of their ranks, and the least counts (J. von Neumann,
    Annals of Mathematical Statistics 12, 1941; on ranks, R. Bartels, Journal of the American Statistical Association
    77, 1982). Ranks keep one crash day from outweighing all others; values see through noise on a function's steps.

    Parameters
    ----------
    margin_use : (S,) margin as a fraction of equity, or in money: call once with each, for either may be the function.
    returns : (S,) decimal returns, NaN allowed in both.

    Raises
    ------
    InputError : arrays of different shapes.
    """
    if margin_use.shape != returns.shape or margin_use.ndim != 1:
        raise InputError(f"margin has shape {margin_use.shape} and returns {returns.shape}, expected the same days")
    used = np.isfinite(margin_use) & np.isfinite(returns) & (returns != 0.0) & (margin_use != 0.0)
    days = int(used.sum())
    # Equal returns must not stay in order of time, for margin drifts; a fixed shuffle keeps the answer reproducible.
    shuffled = np.random.default_rng(0).permutation(np.flatnonzero(used))
    margin, moves = margin_use[shuffled], returns[shuffled]
    if days < MIN_DAYS or np.ptp(margin) <= _CONSTANT * np.abs(margin).max():
        return SyntheticMargin(False, None, days)
    orders = [np.argsort(key, kind="stable") for key in (np.abs(moves), moves)]
    ratio = min(_von_neumann(m[order]) for m in (margin, _average_ranks(margin)) for order in orders)
    return SyntheticMargin(ratio < SYNTHETIC_BELOW, ratio, days)


def _average_ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing their mean rank."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last: NDArray[np.int64] = np.cumsum(sizes)
    mean_rank: Floats = last - (sizes - 1) / 2.0
    return mean_rank[group]


def _von_neumann(ordered: Floats) -> float:
    return float(np.square(np.diff(ordered)).sum() / (2.0 * np.square(ordered - ordered.mean()).sum()))
