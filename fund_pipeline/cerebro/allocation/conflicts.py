"""Which limits contradict each other when nothing meets them all."""

from __future__ import annotations

from fund_pipeline.cerebro.allocation.answering import is_feasible
from fund_pipeline.cerebro.allocation.limits import Limits


def conflicting(limits: Limits) -> tuple[str, ...]:
    """A smallest set of limits that cannot be met together, as 'name = value'.

    Deletion filter (J. W. Chinneck and E. W. Dravnieks, "Locating minimal infeasible constraint sets in linear
    programs", ORSA Journal on Computing 3, 1991): a limit without which the rest is still infeasible plays no part.
    """
    values = limits.named()
    kept = []
    remaining = limits
    for name in values:
        fewer = remaining.without(name)
        if is_feasible(fewer):
            kept.append(name)
        else:
            remaining = fewer
    return tuple(f"{name} = {values[name]:g}" for name in kept)
