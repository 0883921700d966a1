"""Small random problems with units, and the least account by trying every count."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import numpy as np

from fund_pipeline.cerebro.account_size import Unit
from fund_pipeline.cerebro.allocation import Cluster, Constraints, Problem, Solution, solve
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import ReturnsMatrix

Units = dict[str, Unit]


def account(seed: int, strategies: int = 3, **constraints: object) -> tuple[Problem, Units]:
    """A problem worth investing in, and a unit of 1,000 to 9,000 for each strategy."""
    rng = np.random.default_rng(seed)
    days = int(rng.integers(60, 140))
    values = 0.004 * rng.standard_t(4, (days, 1)) * rng.uniform(-0.5, 1.0, strategies)
    values = values + 0.008 * rng.standard_t(4, (days, strategies)) * rng.uniform(0.5, 1.5, strategies)
    names = tuple(f"S{i}" for i in range(strategies))
    asked = {
        "beta": 0.9,
        "cvar_limit": float(rng.uniform(0.006, 0.02)),
        "max_leverage": float(rng.choice([1.0, 2.0])),
        "max_weight": float(rng.choice([0.5, 0.8])),
        "margin_cap": float(rng.choice([0.2, 0.35])) if rng.random() < 0.5 else None,
        "clusters": (Cluster("a", names[:2], 0.7),) if rng.random() < 0.3 else (),
    }
    problem = Problem(
        ReturnsMatrix(np.datetime64("2000-01-01") + np.arange(days), names, values),
        rng.uniform(0.02, 0.2, strategies),
        np.round(rng.uniform(0.05, 0.5, strategies), 3),
        np.zeros(strategies),
        Constraints(**asked | constraints),
    )
    units = {}
    for name in names:
        margin = Decimal(int(rng.integers(50, 2000))) if rng.random() < 0.3 else None
        lot = Decimal("0.5") if rng.random() < 0.2 else Decimal(1)
        units[name] = Unit(Decimal(int(rng.integers(1, 10)) * 1000), margin, lot)
    return problem, units


def with_margins(problem: Problem, units: Units) -> Problem:
    """Margins as shares of a unit, where its margin is given."""
    shares = problem.margins.copy()
    for place, name in enumerate(problem.scenarios.strategies):
        if units[name].margin is not None:
            shares[place] = float(units[name].margin / units[name].notional)
    return replace(problem, margins=shares)


def capital_span(problem: Problem, amounts: np.ndarray, floor: float) -> tuple[float, float]:
    """Least and greatest capital at which amounts meet limits that shrink with the weights, and a return."""
    asked = problem.constraints
    needs = [amounts.sum() / asked.max_leverage, amounts.max() / asked.max_weight]
    needs.append(cvar(problem.scenarios.values @ amounts, asked.beta) / asked.cvar_limit)
    if asked.margin_cap is not None:
        needs.append(problem.margins @ amounts / asked.margin_cap)
    for cluster in asked.clusters:
        members = [problem.scenarios.strategies.index(name) for name in cluster.members]
        needs.append(amounts[members].sum() / cluster.cap)
    return max(needs), problem.expected_returns @ amounts / floor


def least_by_trying(problem: Problem, units: Units, delta: float, most: float) -> float:
    """The least capital below `most` by trying all counts; infinite if there is none."""
    problem = with_margins(problem, units)
    floor = (1.0 - delta) * solve(problem).expected_return_annual
    steps = np.array([float(units[name].step) for name in problem.scenarios.strategies])
    best = np.inf
    for counts in itertools.product(*(range(int(problem.constraints.max_weight * most / s) + 1) for s in steps)):
        amounts = np.array(counts) * steps
        if amounts.any():
            least, greatest = capital_span(problem, amounts, floor)
            if least <= greatest:
                best = min(best, least)
    return best


def best_by_trying(problem: Problem, units: Units, capital: float) -> float:
    """The greatest return at a capital by trying all counts; minus infinity if nothing meets the limits."""
    limits = limits_of(with_margins(problem, units))
    steps = np.array([float(units[name].step) for name in problem.scenarios.strategies])
    best = -np.inf
    for counts in itertools.product(*(range(int(problem.constraints.max_weight * capital / s) + 1) for s in steps)):
        weights = np.array(counts) * steps / capital
        reached = limits.net_return(weights)
        if reached > best and not limits.broken_by(weights):
            best = reached
    return best


def is_right(problem: Problem, units: Units, capital: Decimal, held: tuple[Decimal, ...], floor: float) -> list[str]:
    """The limits that units in an account break, from nothing but units and scenarios; without tolerance."""
    problem = with_margins(problem, units)
    names = problem.scenarios.strategies
    weights = np.array([float(count * units[name].notional / capital) for name, count in zip(names, held, strict=True)])
    broken = list(limits_of(problem).broken_by(weights))
    broken += [name for name, count in zip(names, held, strict=True) if count % units[name].lot_step]
    if limits_of(problem).net_return(weights) < floor:
        broken.append("return")
    return broken


def optimum(problem: Problem, units: Units) -> Solution:
    """The continuous optimum that whole units are measured against."""
    return solve(with_margins(problem, units))
