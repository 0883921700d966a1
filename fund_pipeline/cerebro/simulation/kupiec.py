"""Was the loss beyond VaR as often as it should have been? The proportion-of-failures test.

P. H. Kupiec, "Techniques for verifying the accuracy of risk measurement models", Journal of Derivatives 3 (1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import chdtrc  # what chi2.sf of scipy.stats is, which takes a second to import

from fund_pipeline.cerebro.cvar import check_beta
from fund_pipeline.errors import InputError


@dataclass(frozen=True)
class Exceedances:
    """How often losses were beyond the VaR stated beforehand.

    Attributes
    ----------
    days : days on which something was held.
    count : days among them whose loss was greater than the VaR.
    expected : (1 − beta)·days.
    frequency : count ÷ days; None without such days.
    likelihood_ratio : Kupiec's statistic, asymptotically χ² with one degree of freedom if VaR is right; None without
        days.
    p_value : chance of a ratio at least as large if VaR is right; None without days.
    """

    days: int
    count: int
    expected: float
    frequency: float | None
    likelihood_ratio: float | None
    p_value: float | None


def proportion_of_failures(count: int, days: int, beta: float) -> Exceedances:
    """Test that each of `days` losses was beyond VaR with probability 1 − beta, having seen `count`.

    Raises
    ------
    InputError : a beta outside (0, 1), or not 0 ≤ count ≤ days.
    """
    check_beta(beta)
    if not 0 <= count <= days:
        raise InputError(f"count is {count} and days is {days}, expected 0 <= count <= days")
    if not days:
        return Exceedances(0, 0, 0.0, None, None, None)
    chance, seen = 1.0 - beta, count / days
    ratio = 2.0 * (_log(count, seen / chance) + _log(days - count, (1.0 - seen) / beta))
    ratio = max(ratio, 0.0)  # a difference of logarithms may be rounded to just below 0
    return Exceedances(days, count, chance * days, seen, ratio, float(chdtrc(1, ratio)))


def _log(count: int, ratio: float) -> float:
    """count·ln(ratio), which tends to 0 with count."""
    return count * math.log(ratio) if count else 0.0
