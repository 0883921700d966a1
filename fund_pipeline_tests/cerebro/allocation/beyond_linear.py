"""Questions that are not one linear programme, each answer checked by the plain programme on what it claims.

A ratio: at the price of CVaR that it claims to be the best, the plain programme may find nothing worth more than cash.
A limit of the drawdown: the plain programme, on nothing but the cuts the answer rests on, may find nothing better.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fund_pipeline.cerebro.allocation import Problem, SolutionStatus, maximise_ratio
from fund_pipeline.cerebro.allocation.answering import answer
from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.ladder import objective_of, relative_gap
from fund_pipeline.cerebro.allocation.limits import DrawdownLimit, Limits, limits_of, returns_of
from fund_pipeline.cerebro.allocation.lp import Aim, optimise
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.drawdown import cdar, cdar_slope
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.comparison import DIFFERENCE, GAP, LEAST_SCALE, VIOLATION, Comparison

_SOME_RETURN = 1e-6


def compare_ratio(problem: Problem) -> Comparison:
    """Ask for the most return per CVaR, and try to do better."""
    limits = limits_of(problem)
    try:
        found = maximise_ratio(problem)
    except InputError:
        gain = _most_return(replace(limits, cvar_limit=0.0))
        return _found(() if gain > 0.0 else ("no greatest ratio is claimed, but nothing gains without a loss",))
    if found.status is SolutionStatus.INFEASIBLE:
        gain = _most_return(limits)
        return _found(() if gain <= _SOME_RETURN else (f"no weights gain, but the plain programme {gain}",), False)
    weights, certificate = found.weights, found.certificate
    faults = [f"breaks {name}" for name in limits.broken_by(weights, VIOLATION)]
    if certificate is None or certificate.bound is None or certificate.relative_gap is None:
        return _found((*faults, "cash, but something gains") if _most_return(limits) > 0.0 else tuple(faults))
    if not 0.0 <= certificate.relative_gap <= GAP:
        faults.append(f"gap {certificate.relative_gap:.1e}")
    better = _better_ratio(_worth_holding(limits), certificate.bound)
    if not better <= DIFFERENCE:
        faults.append(f"a ratio {better:.1e} above the bound {certificate.bound}")
    if found.cvar > 0.0:
        reached = limits.net_return(weights) / found.cvar
        if not certificate.bound - reached <= certificate.rounding_cost + DIFFERENCE * certificate.bound:
            faults.append(f"the weights reach {reached} of {certificate.bound}")
    return Comparison(True, certificate.relative_gap, max(better, 0.0), tuple(faults))


def _worth_holding(limits: Limits) -> Limits:
    """The weights a bound speaks of: those that gain a hundredth of the most there is to gain, or a basis point."""
    if limits.is_cone:
        return limits
    least = min(1e-4, 0.01 * _most_return(limits))
    return replace(limits, target_return=max(limits.target_return or 0.0, least))


def compare_drawdown(problem: Problem, seed: int) -> Comparison:
    """Ask for the most return within a share of the drawdown that is reached without that limit."""
    rng = np.random.default_rng((seed, 2))
    limits = limits_of(problem)
    free = optimise(limits, Aim.MOST_RETURN)
    if free is None:
        return Comparison(feasible=False)
    beta = float(rng.choice([0.8, 0.95, 1.0 - 1e-6]))
    bound = float(rng.uniform(0.2, 1.1)) * cdar(returns_of(limits.returns, free.weights), beta)
    limited = replace(limits, drawdown=DrawdownLimit(beta, bound))
    found = answer(limited, Aim.MOST_RETURN, Engine())
    if found.proved is None:
        return Comparison(feasible=False)
    weights, cuts = found.proved.vertex.weights, found.proved.limits
    faults = [f"breaks {name}" for name in limited.broken_by(weights, VIOLATION)]
    faults += [f"above the drawdown it should allow: {name}" for name in _unfair(cuts, limited, rng)]
    best = optimise(cuts, Aim.MOST_RETURN)
    if best is None:
        return _found((*faults, "the plain programme finds no weights within the cuts"))
    reached = objective_of(limits, Aim.MOST_RETURN, weights)
    differs = relative_gap(objective_of(limits, Aim.MOST_RETURN, best.weights), reached)
    if not differs <= DIFFERENCE:
        faults.append(f"differs by {differs:.1e}")
    if not found.proved.relative_gap <= GAP:
        faults.append(f"gap {found.proved.relative_gap:.1e}")
    return Comparison(True, found.proved.relative_gap, differs, tuple(faults))


def _unfair(cuts: Limits, limits: Limits, rng: np.random.Generator) -> list[str]:
    """Cuts that cross the drawdown somewhere: slope · v ≤ CDaR(v) must hold for any v."""
    assert limits.drawdown is not None
    unfair = []
    for _ in range(5):
        weights = rng.dirichlet(np.ones(limits.expected.size))
        fall = cdar(returns_of(limits.returns, weights), limits.drawdown.beta)
        at = cdar_slope(limits.returns, weights, limits.drawdown.beta) @ weights
        if not abs(at - fall) <= VIOLATION:
            unfair.append("the slope of these weights")
        rows = [row for row in cuts.rows if row.limit == "max_cdar"]
        unfair += [row.name for row in rows if not row.coefficients @ weights <= fall + VIOLATION]
    return unfair


def _better_ratio(limits: Limits, ratio: float) -> float:
    """By what share some weights exceed a ratio, where they risk a basis point or more."""
    best = optimise(replace(limits, reward=1.0 / ratio), Aim.LEAST_CVAR)
    if best is None:
        return 0.0
    risk = cvar(returns_of(limits.returns, best.weights), limits.beta)
    return -(risk - limits.net_return(best.weights) / ratio) / max(risk, LEAST_SCALE)


def _most_return(limits: Limits) -> float:
    best = optimise(limits, Aim.MOST_RETURN)
    return 0.0 if best is None else limits.net_return(best.weights)


def _found(faults: tuple[str, ...], feasible: bool = True) -> Comparison:
    return Comparison(feasible, faults=faults)
