"""From a problem and its units to arrays over the strategies that whole units are looked for among."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.account_size.model import Holding, Unit
from fund_pipeline.cerebro.allocation import Problem, Solution
from fund_pipeline.cerebro.allocation.limits import Limits, limits_of
from fund_pipeline.cerebro.allocation.whole.risk import Risk
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError

MOST_CANDIDATES = 25
_NEAR = 1e-3


@dataclass(frozen=True)
class Terms:
    """What both questions need.

    Attributes
    ----------
    limits : of all N strategies.
    chosen : (K,) indices of the candidates. few : the limits on the candidates alone.
    steps : (K,) capital of one lot step, fund's currency; `exact` the same for all N as they were given.
    lots : (N,) lot steps. margins : (N,) shares of notional.
    optimum : (K,) weights of the continuous optimum, rounded to 8 decimals.
    continuous_return : its expected annual return, net of trades, over all N.
    """

    strategies: tuple[str, ...]
    limits: Limits
    chosen: NDArray[np.intp]
    few: Limits
    steps: Floats
    exact: tuple[Fraction, ...]
    lots: tuple[Decimal, ...]
    margins: Floats
    optimum: Floats
    continuous_return: float

    @property
    def candidates(self) -> tuple[str, ...]:
        """Ids of the candidates."""
        return tuple(self.strategies[i] for i in self.chosen)

    def weights(self, counts: Floats, capital: Decimal) -> Floats:
        """(N,) weights of counts (K,) of lot steps, each the float nearest to the exact quotient."""
        found = np.zeros(len(self.strategies))
        whole = Fraction(capital)
        for place, count in zip(self.chosen, counts, strict=True):
            if count:
                found[place] = float(int(count) * self.exact[place] / whole)
        return found

    def holding(self, counts: Floats, capital: Decimal, floor: float) -> Holding:
        """Everything that is said of counts (K,) in an account; `floor` is the return asked for."""
        weights = self.weights(counts, capital)
        units = [Decimal(0)] * len(self.strategies)
        allocated = Fraction(0)
        for place, count in zip(self.chosen, counts, strict=True):
            units[place] = int(count) * self.lots[place]
            allocated += int(count) * self.exact[place]
        reached = self.limits.net_return(weights)
        binding = set(self.limits.broken_by(weights * (1.0 + _NEAR)))
        order = [name for name in self.limits.named() if name in binding]
        if reached * (1.0 - _NEAR) < floor <= reached:
            order.append("return_kept")
        left = Fraction(capital) - allocated
        return Holding(
            capital=capital,
            units=tuple(units),
            weights=weights,
            leftover=Decimal(left.numerator) / Decimal(left.denominator),
            expected_return_annual=reached,
            return_kept=reached / self.continuous_return if self.continuous_return > 0.0 else 1.0,
            cvar=cvar(self.limits.returns @ weights, self.limits.beta),
            margin=math.fsum(self.margins * weights),
            leverage=math.fsum(weights),
            binding=tuple(order),
        )


def in_units(problem: Problem, units: Mapping[str, Unit]) -> Problem:
    """The problem with margins as shares of each unit's notional, where the margin of a unit is given.

    Raises
    ------
    InputError : a strategy without a unit, or a budget, which whole units would meet only by chance.
    """
    strategies = problem.scenarios.strategies
    missing = [name for name in strategies if name not in units]
    if missing:
        raise InputError(
            f"strategy {missing[0]} has no unit_notional"
            + (f", nor have {len(missing) - 1} more" * (len(missing) > 1)),
            remedy=f"set the capital of its smallest size with `fund strategies set {missing[0]} unit_notional=...`",
        )
    if problem.constraints.budget is not None:
        raise InputError(
            f"budget is {problem.constraints.budget}, which whole units cannot meet exactly",
            remedy="leave the budget out; max_leverage caps the sum of weights",
        )
    shares = problem.margins.copy()
    for place, name in enumerate(strategies):
        margin = units[name].margin
        if margin is not None:
            shares[place] = float(Fraction(margin) / Fraction(units[name].notional))
    return replace(problem, margins=shares)


def terms_of(problem: Problem, units: Mapping[str, Unit], optimum: Solution, most: int) -> Terms:
    """The terms of a problem `in_units` whose continuous optimum is known. InputError : fewer than 1 candidate."""
    if most < 1:
        raise InputError(f"candidates is {most}, expected at least 1")
    strategies = problem.scenarios.strategies
    exact = tuple(Fraction(units[name].step) for name in strategies)
    limits = limits_of(problem)
    chosen = _candidates(limits, optimum, most)
    few = replace(
        limits,
        returns=np.ascontiguousarray(limits.returns[:, chosen]),
        expected=limits.expected[chosen],
        lower=limits.lower[chosen],
        upper=limits.upper[chosen],
        rows=tuple(replace(row, coefficients=row.coefficients[chosen]) for row in limits.rows),
        current=limits.current[chosen],
        own_bounds=(),
    )
    return Terms(
        strategies=strategies,
        limits=limits,
        chosen=chosen,
        few=few,
        steps=np.array([float(exact[i]) for i in chosen]),
        exact=exact,
        lots=tuple(units[name].lot_step for name in strategies),
        margins=problem.margins,
        optimum=optimum.weights[chosen],
        continuous_return=limits.net_return(optimum.weights),
    )


def _candidates(limits: Limits, optimum: Solution, most: int) -> NDArray[np.intp]:
    """Those that must or would be held, then those that add most return per unit of weight net of their risk."""
    weights = optimum.weights
    must = (weights > 0.0) | (limits.lower > 0.0)
    if limits.counts_trades:
        must |= limits.current > 0.0
    if weights.size <= most:
        return np.arange(weights.size)
    prices = {row.name: row.shadow_price for row in (optimum.certificate.binding if optimum.certificate else ())}
    _, slope = Risk(limits).cvar(weights)
    worth = limits.expected - prices.get("cvar_limit", 0.0) * slope / 1e4
    for row in limits.rows:
        worth = worth - prices.get(row.name, 0.0) * row.coefficients
    rest = np.argsort(np.where(must | (limits.upper <= 0.0), -np.inf, worth), kind="stable")[::-1]
    extra = rest[: max(0, most - int(must.sum()))]
    chosen = np.union1d(np.flatnonzero(must), extra[~must[extra]])
    return chosen.astype(np.intp)
