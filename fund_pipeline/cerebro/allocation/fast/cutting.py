"""First phase where few strategies are held: near the optimum by cutting planes.

J. E. Kelley ("The cutting-plane method for solving convex programs", SIAM Journal 8, 1960): CVaR is the greatest of its
linearisations, so each subgradient g gives a valid row g · w ≤ CVaR. They are taken between the master's optimum and
the best feasible weights so far (W. Ben-Ameur and J. Neto, "Acceleration of cutting-plane and column generation
algorithms", Networks 49, 2007), which a cone provides without search: shrinking weights shrinks their CVaR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fund_pipeline.cerebro.allocation.fast.base import base_of, linear_objective
from fund_pipeline.cerebro.allocation.fast.model import INFINITY, Ints, Outcome
from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS, Tail
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.model import Floats

NEAR = 0.05
"""Relative gap at which the second phase finishes sooner than more cuts would help."""

_TOWARDS_MASTER = 0.35
_MOST_CUTS = 80
_TRIAL = 14
_HOPEFUL = 0.35
"""A gap above this after the trial says that many strategies are held, for which cuts are slow."""
_FIRST_STRATEGIES = 24
_ENTERING = 8
_LEAST_CVAR = -1e8


@dataclass(frozen=True)
class Near:
    """Where cutting got to.

    Attributes
    ----------
    weights : (N,), within the limits if the gap is finite.
    working : the strategies that were considered on the way.
    gap : relative distance of the objective from its bound; infinite if no weights within the limits were met.
    """

    weights: Floats
    working: Ints
    gap: float


def approach(limits: Limits, aim: Aim, tail: Tail) -> Near | None:
    """Cut until near, or until it is plain that this takes long; None if the master has no optimum."""
    promising = np.argsort(-limits.expected, kind="stable")[:_FIRST_STRATEGIES].astype(np.int32)
    base = base_of(limits, aim, promising, _LEAST_CVAR)
    model = base.model
    column = np.array([[base.cvar]], dtype=np.int32)
    best = _Incumbent(limits, aim)
    gap, weights = np.inf, best.weights
    for cuts in range(_MOST_CUTS):
        if model.run() is not Outcome.OPTIMAL and not (model.enter_all() and model.run() is Outcome.OPTIMAL):
            return None
        weights = model.weights()
        entering = model.improving(_ENTERING)
        if entering.size:
            model.enter(entering)
        cvar = float(model.values[base.cvar])
        reached = linear_objective(limits, aim, weights) + (cvar if aim is Aim.LEAST_CVAR else 0.0)
        towards = _TOWARDS_MASTER if best.found else 1.0
        point = towards * weights + (1.0 - towards) * best.weights
        value, order = tail.cvar(tail.losses(point))
        best.offer(point, value)
        cut = tail.gradient(order)
        if towards < 1.0 and cut @ weights <= cvar:
            value, order = tail.cvar(tail.losses(weights))
            best.offer(weights, value)
            cut = tail.gradient(order)
        gap = (best.objective - reached) / max(abs(reached), 1e-9) if best.found else np.inf
        closed = value <= cvar * (1.0 + NEAR) if not best.found else gap <= NEAR
        if (closed and not entering.size) or (cuts >= _TRIAL and gap > _HOPEFUL):
            break
        model.add_rows(cut[None, :], np.array([-INFINITY]), np.zeros(1), column, np.array([[-1.0]]))
    return Near(best.weights if best.found else weights, model.working, gap)


class _Incumbent:
    """The best weights so far that meet all limits; the master's own weights meet all but that of CVaR."""

    def __init__(self, limits: Limits, aim: Aim) -> None:
        self.limits = limits
        self.aim = aim
        self.limit = np.inf if limits.cvar_limit is None else limits.cvar_limit * BASIS_POINTS
        self.is_cone = limits.is_cone
        self.found = self.is_cone and aim is Aim.MOST_RETURN
        self.weights = np.zeros(limits.expected.size)
        self.objective = 0.0 if self.found else np.inf

    def offer(self, weights: Floats, cvar: float) -> None:
        """Keep the weights, shrunk where that is allowed and needed, if they are better."""
        share = 1.0
        if cvar > self.limit:
            if not self.is_cone:
                return
            share = self.limit / cvar
        objective = linear_objective(self.limits, self.aim, weights) + (cvar if self.aim is Aim.LEAST_CVAR else 0.0)
        objective *= share
        if objective < self.objective or not self.found:
            self.weights, self.objective, self.found = weights * share, objective, True
