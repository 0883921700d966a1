"""How large a given composition may be held: as large as every limit allows."""

from __future__ import annotations

import numpy as np

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.drawdown import cdar
from fund_pipeline.cerebro.model import Floats

_HALVINGS = 100
_BROKEN = 1e-9


def greatest_multiple(limits: Limits, weights: Floats) -> tuple[float, str]:
    """The greatest f for which f·weights (N,) keeps within every upper limit, and the limit that is reached there.

    Floors, a target and the budget are not looked at. Infinite, and "", if nothing limits it.
    """
    reached = {"": np.inf}
    held = weights > 0.0
    if held.any():
        reached["max_weight"] = float((limits.upper[held] / weights[held]).min())
    for row in limits.rows:
        used = float(row.coefficients @ weights)
        if used > 0.0:
            reached[row.limit] = min(row.bound / used, reached.get(row.limit, np.inf))
    if limits.cvar_limit is not None or limits.drawdown is not None:
        returns = limits.returns @ weights
        if limits.cvar_limit is not None and (risk := cvar(returns, limits.beta)) > 0.0:
            reached["cvar_limit"] = limits.cvar_limit / risk
        if limits.drawdown is not None and (depth := cdar(returns, limits.drawdown.beta)) > 0.0:
            reached["max_cdar"] = limits.drawdown.bound / depth
    name = min(reached, key=lambda limit: reached[limit])
    greatest = reached[name]
    if limits.turnover is not None and _turnover(limits, weights, greatest) > limits.turnover:
        return _within_turnover(limits, weights, greatest), "max_turnover"
    return greatest, name


def sized(limits: Limits, composition: Floats) -> tuple[Floats, str] | Conflict:
    """The composition (N,), ≥ 0, as large as every limit allows, and the limit that is reached; or all of the budget.

    The budget may break other limits: then they are the conflict.
    """
    if limits.budget is None:
        multiple, name = greatest_multiple(limits, composition)
        return (composition * multiple, name) if np.isfinite(multiple) else (composition / composition.sum(), "")
    weights: Floats = composition * (limits.budget / composition.sum())
    broken = limits.broken_by(weights, _BROKEN)
    if not broken:
        return weights, "budget"
    values = limits.named()
    named = tuple(f"{name} = {values[name]:g}" for name in ("budget", *broken) if name in values)
    return Conflict(named, ("the composition follows from the risks alone; at the size of the budget it breaks these",))


def _turnover(limits: Limits, weights: Floats, multiple: float) -> float:
    return float(np.abs(multiple * weights - limits.current).sum()) if np.isfinite(multiple) else np.inf


def _within_turnover(limits: Limits, weights: Floats, greatest: float) -> float:
    """Between 1, at which turnover is kept, and the greatest multiple; turnover is convex in it."""
    low, high = 1.0, min(greatest, 1e6)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if _turnover(limits, weights, middle) <= (limits.turnover or 0.0):
            low = middle
        else:
            high = middle
    return low
