"""The linear programme of Rockafellar & Uryasev (Journal of Risk 2, 2000, section 3), solved by HiGHS.

CVaR ≤ L is α + Σ uₛ ÷ ((1 − β)·S) ≤ L with uₛ ≥ lossₛ − α and uₛ ≥ 0. All returns are in basis points: the solver's
tolerances are absolute, and a daily return of 0.0001 is nothing to a tolerance of 1e-7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
import scipy
from scipy import sparse
from scipy.optimize import linprog

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

BASIS_POINTS = 1e4
SOLVER = f"HiGHS by scipy {scipy.__version__} linprog"
_TOLERANCES = (1e-10, 1e-9, 1e-8)
"""Of the solver; a degenerate programme may need the second or third."""

_REACHED = 1e-12
_VIOLATED = 1e-9
_AMPLE = 1e3
"""A weight that stands for any weight."""
_OPTIMAL, _INFEASIBLE = 0, 2


class Aim(Enum):
    """What the programme optimises."""

    MOST_RETURN = "most return"
    LEAST_CVAR = "least CVaR, less the reward of return"
    LEAST_VIOLATION = "least violation"


@dataclass(frozen=True)
class Multipliers:
    """Prices of the limits at the optimum, all ≥ 0 but the budget's; objective in basis points per unit of the limit.

    Attributes
    ----------
    scenarios : (S,) of the rows that define the tail; they sum to the price of CVaR.
    rows : one per linear limit.
    turnover : of Σ|w − current|; `trades` (N,) is its signed part, purchases positive.
    budget, target_return : of these two.
    """

    scenarios: Floats
    rows: Floats
    turnover: float
    trades: Floats
    budget: float
    target_return: float


@dataclass(frozen=True)
class Vertex:
    """An optimal vertex: weights (N,) as the solver left them, the multipliers, and the programme's own objective."""

    weights: Floats
    multipliers: Multipliers
    objective: float


def optimise(limits: Limits, aim: Aim) -> Vertex | None:
    """Solve the programme; None if it is infeasible.

    Raises
    ------
    InvariantError : the solver ended neither optimal nor infeasible.
    """
    if (limits.lower > limits.upper).any():
        return None
    programme = _Programme(limits, aim)
    message = ""
    for tolerance in _TOLERANCES:
        result = programme.run(tolerance)
        if result.status == _OPTIMAL:
            return programme.vertex(result)
        if result.status == _INFEASIBLE or (aim is not Aim.LEAST_VIOLATION and not is_feasible(limits)):
            return None
        message = result.message
    raise InvariantError(f"the solver neither found weights nor proved that there are none: {message}")


def is_feasible(limits: Limits) -> bool:
    """Whether any weights meet the limits.

    Asked by programmes that are always feasible, for a solver may fail to prove a hair's breadth infeasible: first the
    least violation of the linear limits; then, if CVaR is limited, the least CVaR under them.
    """
    linear = replace(limits, cvar_limit=None)
    nearest = optimise(linear, Aim.LEAST_VIOLATION)
    if nearest is None or nearest.objective > _VIOLATED:
        return False
    if limits.cvar_limit is None:
        return True
    # Without caps a hedge would drive CVaR down for ever; with these it still reaches whatever limit it can.
    least = optimise(replace(linear, upper=np.minimum(linear.upper, _AMPLE)), Aim.LEAST_CVAR)
    return least is not None and cvar(limits.returns @ least.weights, limits.beta) <= limits.cvar_limit + _REACHED


def reward_of(limits: Limits, aim: Aim) -> float:
    """What a unit of expected annual return is worth in the objective."""
    return 1.0 if aim is Aim.MOST_RETURN else limits.reward


class _Programme:
    """Columns: N weights, α and S tail losses if CVaR plays a part, N trades if they matter, one violation."""

    def __init__(self, limits: Limits, aim: Aim) -> None:
        self.limits = limits
        self.aim = aim
        self.scenarios, self.n = limits.returns.shape
        self.has_tail = limits.cvar_limit is not None or aim is Aim.LEAST_CVAR
        self.tail = self.n
        self.trades = self.n + (1 + self.scenarios if self.has_tail else 0)
        self.violation = self.trades + (self.n if limits.counts_trades else 0)
        self.columns = self.violation + 1
        self.blocks: list[Any] = []
        self.bounds: list[Floats] = []
        self.at: dict[str, slice] = {}
        self._build()

    def run(self, tolerance: float) -> Any:
        """What scipy returns, a type without a name."""
        limits = self.limits
        lower, upper = np.zeros(self.columns), np.full(self.columns, np.inf)
        lower[: self.n], upper[: self.n] = limits.lower, limits.upper
        if self.has_tail:
            lower[self.tail] = -np.inf
        if self.aim is not Aim.LEAST_VIOLATION:
            upper[self.violation] = 0.0
        inequalities: Any = sparse.vstack(self.blocks, format="csc") if self.blocks else None
        equality: Any = self._on_weights(np.ones(self.n)) if self._has_equality() else None
        return linprog(
            self._objective(),
            A_ub=inequalities,
            b_ub=np.concatenate(self.bounds) if self.blocks else None,
            A_eq=equality,
            b_eq=np.array([limits.budget]) if self._has_equality() else None,
            bounds=list(zip(lower, upper, strict=True)),
            method="highs",
            options={"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance},
        )

    def vertex(self, result: Any) -> Vertex:
        """The weights and multipliers of an optimal result."""
        prices: Floats = np.maximum(-result.ineqlin.marginals, 0.0)

        def price(name: str, size: int = 1) -> Floats:
            return prices[self.at[name]] if name in self.at else np.zeros(size)

        return Vertex(
            weights=np.clip(result.x[: self.n], self.limits.lower, self.limits.upper),
            multipliers=Multipliers(
                scenarios=price("tail", self.scenarios),
                rows=np.array([price(row.name)[0] for row in self.limits.rows]),
                turnover=float(price("max_turnover")[0]),
                trades=price("buy", self.n) - price("sell", self.n),
                budget=-float(result.eqlin.marginals[0]) if self._has_equality() else 0.0,
                target_return=float(price("target_return")[0]),
            ),
            objective=float(result.fun),
        )

    def _has_equality(self) -> bool:
        return self.limits.budget is not None and self.aim is not Aim.LEAST_VIOLATION

    def _build(self) -> None:
        limits = self.limits
        for row in limits.rows:
            self._add(row.name, self._on_weights(row.coefficients), row.bound)
        if limits.target_return is not None:
            target = -limits.target_return * BASIS_POINTS
            self._add("target_return", self._net_return(-BASIS_POINTS), target)
        if limits.budget is not None and not self._has_equality():
            self._add("budget at most", self._on_weights(np.ones(self.n)), limits.budget)
            self._add("budget at least", self._on_weights(-np.ones(self.n)), -limits.budget)
        if self.has_tail:
            losses = self._wide(-limits.returns * BASIS_POINTS, 0)
            level = self._wide(-np.ones((self.scenarios, 1)), self.tail)
            beyond = self._wide(-sparse.eye_array(self.scenarios), self.tail + 1)
            self._add("tail", losses + level + beyond, np.zeros(self.scenarios))
        if limits.cvar_limit is not None:
            self._add("cvar_limit", self._wide(self._cvar()[None, :], self.tail), limits.cvar_limit * BASIS_POINTS)
        if limits.counts_trades:
            weights = self._wide(sparse.eye_array(self.n), 0)
            trades = self._wide(sparse.eye_array(self.n), self.trades)
            self._add("buy", weights - trades, limits.current)
            self._add("sell", -weights - trades, -limits.current)
        if limits.turnover is not None:
            self._add("max_turnover", self._wide(np.ones((1, self.n)), self.trades), limits.turnover)

    def _objective(self) -> Floats:
        objective = np.zeros(self.columns)
        if self.aim is Aim.LEAST_VIOLATION:
            objective[self.violation] = 1.0
            return objective
        reward = reward_of(self.limits, self.aim) * BASIS_POINTS
        objective[: self.n] = -self.limits.expected * reward
        if self.limits.counts_trades:
            objective[self.trades : self.trades + self.n] = self.limits.trade_price * reward
        if self.aim is Aim.LEAST_CVAR:
            objective[self.tail : self.tail + 1 + self.scenarios] = self._cvar()
        return objective

    def _net_return(self, times: float) -> Any:
        gross = self._on_weights(self.limits.expected * times)
        if not self.limits.trade_price:
            return gross
        return gross + self._wide(np.full((1, self.n), -self.limits.trade_price * times), self.trades)

    def _cvar(self) -> Floats:
        """Coefficients of α and the tail losses in CVaR."""
        share = 1.0 / ((1.0 - self.limits.beta) * self.scenarios)
        return np.concatenate(([1.0], np.full(self.scenarios, share)))

    def _add(self, name: str, block: Any, bound: Floats | float) -> None:
        start = sum(b.size for b in self.bounds)
        self.bounds.append(np.atleast_1d(np.asarray(bound, dtype=np.float64)))
        allowance = self._wide(-np.ones((block.shape[0], 1)), self.violation)
        self.blocks.append(block + allowance)
        self.at[name] = slice(start, start + self.bounds[-1].size)

    def _on_weights(self, coefficients: Floats) -> Any:
        return self._wide(coefficients[None, :], 0)

    def _wide(self, part: Any, start: int) -> Any:
        """A block as sparse rows over all columns, from column `start`; scipy's stubs have no type for it."""
        piece = sparse.coo_array(part)
        row, column = piece.coords
        return sparse.csr_array((piece.data, (row, column + start)), shape=(piece.shape[0], self.columns))
