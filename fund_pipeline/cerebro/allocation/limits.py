"""Constraints in the linear form that the programme, its bound, the exact check and the search for conflicts share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.drawdown import cdar
from fund_pipeline.cerebro.model import Floats

BINARY_TOLERANCE = 1e-12
"""What sums of decimal fractions held in binary may be off by; an equality cannot be met more closely."""


_NUMBER = "\x1f"
"""Parts a limit's name from a number; no strategy's name may hold it."""

_FEW = 8
_LARGE = 200_000


@dataclass(frozen=True)
class LinearLimit:
    """coefficients · w ≤ bound. Several rows may stand for one limit; `numbered` names them."""

    name: str
    coefficients: Floats
    bound: float

    @property
    def limit(self) -> str:
        """The limit this row stands for."""
        return self.name.partition(_NUMBER)[0]


def numbered(limit: str, number: int) -> str:
    """The name of one of several rows that stand for a limit."""
    return f"{limit}{_NUMBER}{number}"


@dataclass(frozen=True)
class DrawdownLimit:
    """CDaR at `beta` ≤ `bound`."""

    beta: float
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
    own_bounds : indices of strategies with bounds of their own, and their names.
    cvar_limit, turnover, budget, target_return, drawdown : None when not asked for. turnover is against `current`;
        target_return is of the return net of trades.
    trade_price : what Σ|w − current| = 1 takes from expected annual return.
    least_held : every weight is 0 or at least this.
    reward : where CVaR is minimised, what a unit of expected annual return, net of trades, is worth of CVaR.
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
    own_bounds: tuple[tuple[int, str], ...] = ()
    trade_price: float = 0.0
    drawdown: DrawdownLimit | None = None
    least_held: float | None = None
    reward: float = 0.0

    @property
    def is_cone(self) -> bool:
        """Whether shrinking feasible weights towards 0 keeps them feasible, and shrinks their objective alike."""
        asked = (self.turnover, self.budget, self.target_return, self.least_held)
        return all(limit is None for limit in asked) and not self.lower.any() and not self.trade_price

    @property
    def counts_trades(self) -> bool:
        """Whether trades matter: for a limit or for their price."""
        return self.turnover is not None or self.trade_price > 0.0

    def net_return(self, weights: Floats) -> float:
        """Expected annual return of weights (N,) net of the price of the trades to them."""
        gross = math.fsum(self.expected * weights)
        return gross - self.trade_price * math.fsum(np.abs(weights - self.current)) if self.trade_price else gross

    def named(self) -> dict[str, float]:
        """Every limit that is asked for and may conflict, by name, with its value."""
        named = {row.limit: row.bound for row in self.rows}
        general = self._general()
        upper, lower = self.upper[general], self.lower[general]
        optional = {
            "cvar_limit": self.cvar_limit,
            "max_turnover": self.turnover,
            "budget": self.budget,
            "target_return": self.target_return,
            "max_cdar": None if self.drawdown is None else self.drawdown.bound,
            "max_weight": float(upper[0]) if upper.size and np.isfinite(upper[0]) else None,
            "min_weight": (float(lower[0]) or None) if lower.size else None,
            "min_weight_if_held": self.least_held,
        }
        own = {f"least weight of {name}": float(self.lower[i]) or None for i, name in self.own_bounds}
        own |= {
            f"greatest weight of {name}": float(self.upper[i]) if np.isfinite(self.upper[i]) else None
            for i, name in self.own_bounds
        }
        return named | {name: value for name, value in (optional | own).items() if value is not None}

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
                return replace(self, upper=np.where(self._general(), np.inf, self.upper))
            case "min_weight":
                return replace(self, lower=np.where(self._general(), 0.0, self.lower))
            case "min_weight_if_held":
                return replace(self, least_held=None)
            case "max_cdar":
                return replace(self, drawdown=None, rows=tuple(row for row in self.rows if row.limit != name))
            case _:
                return self._without_row_or_bound(name)

    def _without_row_or_bound(self, name: str) -> Limits:
        lower, upper = self.lower.copy(), self.upper.copy()
        for i, strategy in self.own_bounds:
            if name == f"least weight of {strategy}":
                lower[i] = 0.0
            if name == f"greatest weight of {strategy}":
                upper[i] = np.inf
        return replace(self, lower=lower, upper=upper, rows=tuple(row for row in self.rows if row.limit != name))

    def _general(self) -> NDArray[np.bool_]:
        """(N,) strategies without bounds of their own."""
        general = np.ones(self.expected.size, dtype=bool)
        general[[i for i, _ in self.own_bounds]] = False
        return general

    def tightened(self, names: frozenset[str], share: float) -> Limits:
        """The named limits a little stricter, so that rounded weights meet the true ones."""

        def less(name: str, bound: float | None) -> float | None:
            return bound * (1.0 - share) if bound is not None and name in names else bound

        return replace(
            self,
            rows=tuple(replace(row, bound=less(row.limit, row.bound) or 0.0) for row in self.rows),
            cvar_limit=less("cvar_limit", self.cvar_limit),
            turnover=less("max_turnover", self.turnover),
            drawdown=None
            if self.drawdown is None
            else replace(self.drawdown, bound=less("max_cdar", self.drawdown.bound) or 0.0),
        )

    def broken_by(self, weights: Floats, tolerance: float = 0.0) -> tuple[str, ...]:
        """Names of the limits these weights exceed by more than the tolerance (the budget's is at least 1e-12).

        Without tolerance CVaR is taken from the whole product `returns @ weights`, as anyone would who checks.
        """
        broken = [row.limit for row in self.rows if math.fsum(row.coefficients * weights) > row.bound + tolerance]
        if self.cvar_limit is not None or self.drawdown is not None:
            returns = returns_of(self.returns, weights) if tolerance else self.returns @ weights
            if self.cvar_limit is not None and cvar(returns, self.beta) > self.cvar_limit + tolerance:
                broken.append("cvar_limit")
            if self.drawdown is not None and cdar(returns, self.drawdown.beta) > self.drawdown.bound + tolerance:
                broken.append("max_cdar")
        if self.turnover is not None and math.fsum(np.abs(weights - self.current)) > self.turnover + tolerance:
            broken.append("max_turnover")
        if self.budget is not None and abs(math.fsum(weights) - self.budget) > max(BINARY_TOLERANCE, tolerance):
            broken.append("budget")
        if self.target_return is not None and self.net_return(weights) < self.target_return - tolerance:
            broken.append("target_return")
        if self.least_held is not None and ((weights > tolerance) & (weights < self.least_held - tolerance)).any():
            broken.append("min_weight_if_held")
        broken += self._bounds_named("greatest weight of", "max_weight", weights > self.upper + tolerance)
        broken += self._bounds_named("least weight of", "min_weight", weights < self.lower - tolerance)
        return tuple(dict.fromkeys(broken))

    def _bounds_named(self, own: str, general: str, which: NDArray[np.bool_]) -> list[str]:
        names = dict(self.own_bounds)
        return [f"{own} {names[i]}" if i in names else general for i in np.flatnonzero(which).tolist()]


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
    lower, upper = asked.min_weight * ones, asked.max_weight * ones
    place = {name: i for i, name in enumerate(names)}
    for own in asked.bounds:
        lower[place[own.strategy]], upper[place[own.strategy]] = own.lower, own.upper
    return Limits(
        returns=problem.scenarios.values,
        expected=problem.expected_returns,
        beta=asked.beta,
        lower=lower,
        upper=upper,
        rows=tuple(rows),
        cvar_limit=asked.cvar_limit,
        turnover=asked.max_turnover,
        current=problem.current_weights,
        budget=asked.budget,
        own_bounds=tuple((place[own.strategy], own.strategy) for own in asked.bounds),
        trade_price=asked.transaction_cost,
        drawdown=None if asked.max_cdar is None else DrawdownLimit(asked.cdar_beta, asked.max_cdar),
        least_held=asked.min_weight_if_held or None,
    )
