"""What an allocation is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from fund_pipeline.cerebro.cvar import check_beta
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline.errors import InputError

GREATEST_AMOUNT = 1000.0
"""Of any limit, weight, margin or annual return, as a multiple of equity: more is a unit mistaken."""

_GREATEST_RETURN = 100.0
"""Of one day, a decimal: a hundredfold gain."""


@dataclass(frozen=True)
class Cluster:
    """Strategies that may together hold at most `cap` of equity. `members` are strategy ids."""

    name: str
    members: tuple[str, ...]
    cap: float


@dataclass(frozen=True)
class WeightBounds:
    """Bounds of one strategy's weight in place of the general ones; equal ones fix it."""

    strategy: str
    lower: float
    upper: float


@dataclass(frozen=True)
class Constraints:
    """Limits on the weights w (fractions of fund equity); None switches a limit off.

    Attributes
    ----------
    beta : confidence level of CVaR, in (0, 1).
    cvar_limit : greatest one-day CVaR, as a decimal of equity.
    max_leverage : greatest Σw.
    min_weight, max_weight : bounds of every single weight; min_weight ≥ 0.
    margin_cap : greatest Σ mᵢ·wᵢ.
    clusters : caps on groups of strategies.
    max_turnover : greatest Σ|w − current weights|.
    budget : Σw must equal this.
    bounds : strategies with bounds of their own.
    min_weight_if_held : least weight of a strategy that has any; makes the answer one of whole choices.
    transaction_cost : price of turnover, decimal of annual return for Σ|w − current weights| = 1. Expected return, as
        it is maximised or asked for, is net of it.
    max_cdar : greatest conditional drawdown at risk (see cerebro/drawdown.py) at cdar_beta, a decimal of equity.
    cdar_beta : its confidence level; so near 1 that the tail is a day or less, it is the greatest drawdown.

    Raises
    ------
    InputError : a value out of its range, naming field and value. Limits that are each valid but contradict each other
        are not an error here: the answer is then INFEASIBLE and names them.
    """

    beta: float = 0.95
    cvar_limit: float | None = 0.01
    max_leverage: float = 2.0
    max_weight: float = 0.5
    min_weight: float = 0.0
    margin_cap: float | None = 0.35
    clusters: tuple[Cluster, ...] = ()
    max_turnover: float | None = None
    budget: float | None = None
    bounds: tuple[WeightBounds, ...] = ()
    min_weight_if_held: float | None = None
    transaction_cost: float = 0.0
    max_cdar: float | None = None
    cdar_beta: float = 0.95

    def __post_init__(self) -> None:
        check_beta(self.beta)
        check_beta(self.cdar_beta)
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("beta", "cdar_beta", "clusters", "bounds") and value is not None:
                _check_amount(field.name, value)
        for cluster in self.clusters:
            _check_amount(f"cap of cluster {cluster.name}", cluster.cap)
        for own in self.bounds:
            _check_amount(f"least weight of {own.strategy}", own.lower)
            _check_amount(f"greatest weight of {own.strategy}", own.upper)
        _check_once("clusters", [cluster.name for cluster in self.clusters])
        _check_once("bounds", [own.strategy for own in self.bounds])


@dataclass(frozen=True)
class Problem:
    """One allocation to find.

    Attributes
    ----------
    scenarios : (S, N) decimal daily returns without NaN (the common window).
    expected_returns : (N,) expected annual returns, decimals.
    margins : (N,) margin of each strategy as a fraction of the capital allocated to it.
    current_weights : (N,) weights held today, for turnover.
    constraints : the limits.

    Raises
    ------
    InputError : shapes that do not match, a NaN, a negative margin, an unknown cluster member, or fewer scenarios than
        1 ÷ (1 − beta), for which the tail is less than one day.
    """

    scenarios: ReturnsMatrix
    expected_returns: Floats
    margins: Floats
    current_weights: Floats
    constraints: Constraints

    def __post_init__(self) -> None:
        names, values = self.scenarios.strategies, self.scenarios.values
        if not names:
            raise InputError("there is no strategy to allocate to", remedy="include at least one in optimisation")
        if not (len(values) and values.min() >= -_GREATEST_RETURN and values.max() <= _GREATEST_RETURN):
            self._refuse_returns()
        needed = math.ceil(1.0 / (1.0 - self.constraints.beta) - 1e-9)
        if len(values) < needed:
            raise InputError(
                f"there are {len(values)} common days, expected at least {needed} for beta {self.constraints.beta}",
                remedy="leave out the strategy with the shortest history",
            )
        for field in ("expected_returns", "margins", "current_weights"):
            array: Floats = getattr(self, field)
            if array.shape != (len(names),):
                raise InputError(f"{field} has shape {array.shape}, expected ({len(names)},): one value per strategy")
            wrong = np.flatnonzero(~(np.abs(array) <= GREATEST_AMOUNT))
            if wrong.size:
                raise InputError(
                    f"{field} of strategy {names[wrong[0]]} is {array[wrong[0]]}, expected a number",
                    remedy=f"give a decimal fraction, at most {GREATEST_AMOUNT:g}",
                )
        if (self.margins < 0.0).any():
            bad = int(np.argmin(self.margins))
            raise InputError(f"margins of strategy {names[bad]} is {self.margins[bad]}, expected 0 or more")
        self._refuse_unknown_names()

    def _refuse_returns(self) -> None:
        names, values = self.scenarios.strategies, self.scenarios.values
        for row, column in np.argwhere(~(np.abs(values) <= _GREATEST_RETURN))[:1]:
            strategy, day, value = names[column], self.scenarios.dates[row], float(values[row, column])
            if not math.isfinite(value):
                raise InputError(
                    f"strategy {strategy} has no return on {day}", remedy="give the common window of the strategies"
                )
            raise InputError(
                f"the return of strategy {strategy} on {day} is {value:g}",
                remedy=f"returns are decimals, and more than {_GREATEST_RETURN:g} in a day is no return",
            )

    def _refuse_unknown_names(self) -> None:
        names = self.scenarios.strategies
        for cluster in self.constraints.clusters:
            unknown = sorted(set(cluster.members) - set(names))
            if unknown:
                raise InputError(f"cluster {cluster.name} names {', '.join(unknown)}, not among the strategies")
        for own in self.constraints.bounds:
            if own.strategy not in names:
                raise InputError(f"bounds are given for {own.strategy}, not among the strategies")


def _check_amount(name: str, value: float) -> None:
    if not (math.isfinite(value) and 0.0 <= value <= GREATEST_AMOUNT):
        raise InputError(
            f"{name} is {value}, expected a number between 0 and {GREATEST_AMOUNT:g}",
            remedy="limits are fractions of equity: 0.5 is a half; leave one out to switch it off",
        )


def _check_once(field: str, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise InputError(f"{field} are named {names}, expected each name once")
