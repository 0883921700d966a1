"""From an optimum to weights that can be stored and still meet every limit, a target of return included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic
from fund_pipeline.cerebro.allocation.rounding import DECIMALS, storable_weights
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError


def storable(limits: Limits, weights: Floats, ask: Callable[[Limits], Quadratic | Conflict]) -> Floats:
    """Weights of at most 8 decimals as of `storable_weights`, whose errors it has.

    Rounding down takes return, so the weights to round are those of a target higher by what it may take. Where that is
    out of reach the weights (N,) are given as they are, within the limits to 1e-9.

    Parameters
    ----------
    ask : the objective's answer under other limits.
    """

    def raised(stricter: Limits) -> Floats | None:
        if stricter.target_return is not None:
            held = (weights > 0.0) | (limits.current > 0.0)
            lost = float((np.abs(limits.expected) + limits.trade_price)[held].sum()) * 10.0**-DECIMALS
            stricter = replace(stricter, target_return=stricter.target_return + lost)
        try:
            found = ask(stricter)
        except InvariantError:
            # Limits that leave room for hardly anything, made stricter by a hair: what cannot be proved is not used.
            return None
        return None if isinstance(found, Conflict) else found.weights

    if limits.target_return is None:
        return storable_weights(limits, weights, raised)
    rounded = storable_weights(limits, weights, lambda stricter: None)
    if not limits.broken_by(rounded):
        return rounded
    safe = raised(limits)
    return rounded if safe is None else storable_weights(limits, safe, raised)
