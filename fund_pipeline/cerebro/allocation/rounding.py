"""From a vertex of the programme to weights that can be stored, read back and still obey every limit exactly."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from fund_pipeline.cerebro.allocation.limits import BINARY_TOLERANCE, Limits
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

DECIMALS = 8
"""Decimals of a weight: a cent on a fund of a million."""

_UNITS = 10.0**DECIMALS
_SAME = 1e-9
_SHARES = (0.0, 1e-8, 1e-7, 1e-6, 1e-5)
"""How much stricter to be, in turn, until the rounded weights meet the limits as they were given."""


def storable_weights(limits: Limits, weights: Floats, again: Callable[[Limits], Floats | None]) -> Floats:
    """Weights of at most 8 decimals, rounded down, that meet every limit exactly.

    Rounding down can leave CVaR a hair above its limit, where a hedge lost more than what it hedges. Then the weights
    are shrunk; or, where that would break turnover, a floor or the budget, found anew under limits a hair tighter.

    Where the limits leave but a single choice, they are met to 1e-12, or unrounded to 1e-9.

    Parameters
    ----------
    limits : the limits.
    weights : (N,) the optimum of the most return under them.
    again : the optimum under other limits; None if there is none.

    Raises
    ------
    InvariantError : no such weights were found.
    """
    broken: frozenset[str] = frozenset()
    for share in _SHARES:
        candidate: Floats | None = weights * (1.0 - share)
        if share and not limits.is_cone:
            candidate = again(limits.tightened(broken, share))
        if candidate is None:
            break
        rounded = _rounded(limits, candidate)
        now_broken = limits.broken_by(rounded)
        if not now_broken:
            return rounded
        broken |= frozenset(now_broken)
    # Limits that leave a single choice can be met only to the last binary digits, for 0.79 + 0.05 is not quite 0.84, or
    # only by weights that need more decimals.
    for only, tolerance in ((_rounded(limits, weights), BINARY_TOLERANCE), (weights, _SAME)):
        if not limits.broken_by(only, tolerance):
            return only
    raise InvariantError(f"the rounded weights break {', '.join(sorted(broken))}, and tightening them does not help")


def _rounded(limits: Limits, weights: Floats) -> Floats:
    # 0.3 is stored a little below 30,000,000 units; a ten-thousandth of a unit keeps it from losing a whole one.
    down = np.floor(weights * _UNITS + 1e-4) / _UNITS
    rounded = np.clip(down, limits.lower, limits.upper)
    if limits.turnover is not None:
        untouched = np.abs(weights - limits.current) <= _SAME
        rounded = np.where(untouched, limits.current, rounded)
    if limits.budget is not None:
        missing = limits.budget - math.fsum(rounded)
        fits = rounded + missing <= limits.upper
        # Undoing a sale costs no turnover; adding to a purchase would.
        undoes = fits & (rounded + missing <= limits.current)
        chosen = undoes if limits.turnover is not None and undoes.any() else fits
        largest = int(np.argmax(np.where(chosen, rounded, -np.inf)))
        rounded[largest] = round(float(rounded[largest]) + missing, DECIMALS + 4)
    return rounded
