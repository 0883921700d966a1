"""Compositions that follow from the risks alone: who takes part, and how large they are held."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic
from fund_pipeline.cerebro.allocation.quadratic.risk import Risk
from fund_pipeline.cerebro.allocation.quadratic.size import sized
from fund_pipeline.cerebro.model import Floats


def held_by_risk(
    limits: Limits,
    risk: Risk,
    compose: Callable[[NDArray[np.intp]], Floats],
    deviation: Callable[[Floats, NDArray[np.intp]], float] | None = None,
) -> Quadratic | Conflict:
    """The composition of the strategies that move and may be held, as large as every limit allows.

    Parameters
    ----------
    compose : positive weights of the strategies at the given places.
    deviation : how far weights (N,) are from what the composition should be; None where that has no measure.
    """
    nothing = np.zeros(limits.expected.size)
    allowed = limits.upper > 0.0
    for row in limits.rows:
        if row.bound == 0.0:
            allowed &= ~(row.coefficients > 0.0)
    chosen = np.flatnonzero(allowed & (risk.deviations > 0.0))
    notes = []
    if still := int((allowed & ~(risk.deviations > 0.0)).sum()):
        notes.append(f"{still} without variance get nothing, having no risk to share")
    if barred := int((~allowed).sum()):
        notes.append(f"{barred} that may not be held get nothing")
    if not chosen.size:
        if limits.broken_by(nothing):
            values = limits.named()
            return Conflict(tuple(f"{name} = {values[name]:g}" for name in limits.broken_by(nothing)), tuple(notes))
        return Quadratic(nothing, 0.0, None, None, None, notes=(*notes, "no strategy that may be held moves: cash"))
    composition = nothing.copy()
    composition[chosen] = compose(chosen)
    found = sized(limits, composition)
    if isinstance(found, Conflict):
        return Conflict(found.limits, (*notes, *found.notes))
    weights, name = found
    notes.append(
        f"weights are as large as {name or 'Σw = 1'} allows" if weights.any() else f"{name} leaves no size but 0: cash"
    )
    return Quadratic(
        weights=weights,
        objective=risk.volatility(weights),
        bound=None,
        relative_gap=None,
        kkt_residual=None if deviation is None or not weights.any() else deviation(weights, chosen),
        notes=tuple(notes),
    )
