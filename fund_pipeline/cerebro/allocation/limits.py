"""Constraints in the linear form that the programme, its bound, the exact check and the search for conflicts share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import Floats

BINARY_TOLERANCE = 1e-12
"""What sums of decimal fractions held in binary may be off by; an equality cannot be met more closely."""


_FEW = 8
_LARGE = 200_000


@dataclass(frozen=True)
class LinearLimit:
    """coefficients · w ≤ bound."""

    name: str
    coefficients: Floats
    bound: float


@dataclass(frozen=True)
class Limits:
    """All limits of a problem, each of which can be dropped or tightened.

    Attributes
    ----------
    returns : (S, N) scenarios, decimals.
    expected : (N,) expected annual returns.
    lower, upper : (N,) bounds of the weights; upper is infinite when dropped.
    rows : the linear limits.
    cvar_limit, turnover, budget, target_return : None when not asked for. turnover is against `current`.
    """

    returns: Floats
    expected: Floats
    beta: float
    lower: Floats
    upper: Floats
    rows: tuple[LinearLimit, ...]
    cvar_limit: float | None
    turnover: float | None
    current: Floats
    budget: float | None
    target_return: float | None = None

    @property
    def is_cone(self) -> bool:
        """Whether shrinking feasible weights towards 0 keeps them feasible."""
        asked = (self.turnover, self.budget, self.target_return)
        return all(limit is None for limit in asked) and not self.lower.any()

    def named(self) -> dict[str, float]:
        """Every limit that is asked for and may conflict, by name, with its value."""
        named = {row.name: row.bound for row in self.rows}
        optional = {
            "cvar_limit": self.cvar_limit,
            "max_turnover": self.turnover,
            "budget": self.budget,
            "target_return": self.target_return,
            "max_weight": float(self.upper[0]) if np.isfinite(self.upper[0]) else None,
            "min_weight": float(self.lower[0]) or None,
        }
        return named | {name: value for name, value in optional.items() if value is not None}

    def without(self, name: str) -> Limits:
        """The same limits but one."""
        match name:
            case "cvar_limit":
                return replace(self, cvar_limit=None)
            case "max_turnover":
                return replace(self, turnover=None)
            case "budget":
                return replace(self, budget=None)
            case "target_return":
                return replace(self, target_return=None)
            case "max_weight":
                return replace(self, upper=np.full_like(self.upper, np.inf))
            case "min_weight":
                return replace(self, lower=np.zeros_like(self.lower))
            case _:
                return replace(self, rows=tuple(row for row in self.rows if row.name != name))

    def tightened(self, names: frozenset[str], share: float) -> Limits:
        """The named limits a little stricter, so that rounded weights meet the true ones."""

        def less(name: str, bound: float | None) -> float | None:
            return bound * (1.0 - share) if bound is not None and name in names else bound

        return replace(
            self,
            rows=tuple(replace(row, bound=less(row.name, row.bound) or 0.0) for row in self.rows),
            cvar_limit=less("cvar_limit", self.cvar_limit),
            turnover=less("max_turnover", self.turnover),
        )

    def broken_by(self, weights: Floats, tolerance: float = 0.0) -> tuple[str, ...]:
        """Names of the limits these weights exceed by more than the tolerance (the budget's is at least 1e-12).

        Without tolerance CVaR is taken from the whole product `returns @ weights`, as anyone would who checks.
        """
        broken = [row.name for row in self.rows if math.fsum(row.coefficients * weights) > row.bound + tolerance]
        if self.cvar_limit is not None:
            returns = returns_of(self.returns, weights) if tolerance else self.returns @ weights
            if cvar(returns, self.beta) > self.cvar_limit + tolerance:
                broken.append("cvar_limit")
        if self.turnover is not None and math.fsum(np.abs(weights - self.current)) > self.turnover + tolerance:
            broken.append("max_turnover")
        if self.budget is not None and abs(math.fsum(weights) - self.budget) > max(BINARY_TOLERANCE, tolerance):
            broken.append("budget")
        if self.target_return is not None and math.fsum(self.expected * weights) < self.target_return - tolerance:
            broken.append("target_return")
        if (weights > self.upper + tolerance).any():
            broken.append("max_weight")
        if (weights < self.lower - tolerance).any():
            broken.append("min_weight")
        return tuple(broken)


def returns_of(returns: Floats, weights: Floats) -> Floats:
    """(S,) portfolio returns of weights (N,), reading only the held columns of a large matrix where few are held."""
    held = np.flatnonzero(weights)
    if returns.size > _LARGE and held.size * _FEW < weights.size:
        few: Floats = returns[:, held] @ weights[held]
        return few
    product: Floats = returns @ weights
    return product


def limits_of(problem: Problem) -> Limits:
    """The limits of a problem, in linear form."""
    asked = problem.constraints
    names = problem.scenarios.strategies
    ones = np.ones(len(names))
    rows = [LinearLimit("max_leverage", ones, asked.max_leverage)]
    if asked.margin_cap is not None:
        rows.append(LinearLimit("margin_cap", problem.margins, asked.margin_cap))
    for cluster in asked.clusters:
        member = np.array([float(name in cluster.members) for name in names])
        rows.append(LinearLimit(f"cluster:{cluster.name}", member, cluster.cap))
    return Limits(
        returns=problem.scenarios.values,
        expected=problem.expected_returns,
        beta=asked.beta,
        lower=asked.min_weight * ones,
        upper=asked.max_weight * ones,
        rows=tuple(rows),
        cvar_limit=asked.cvar_limit,
        turnover=asked.max_turnover,
        current=problem.current_weights,
        budget=asked.budget,
    )
