"""The rows that both phases share: every limit but CVaR, on a working model with one column for CVaR itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.fast.model import INFINITY, Ints, WorkingModel
from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim, Multipliers, reward_of
from fund_pipeline.cerebro.model import Floats

NO_EXTRAS: Ints = np.empty((1, 0), dtype=np.int32)


@dataclass(frozen=True)
class Base:
    """A working model under all limits.

    Trades are Σ(w − current) + 2·Σ sales, with sales ≥ current − w and ≥ 0, for weights are not negative: a strategy
    that is not held today needs no column for its trade.

    Attributes
    ----------
    cvar : index of the column whose value is at least CVaR, in basis points; at most the limit.
    linear, target_return, budget, turnover, sales : indices of the rows; empty when not asked for.
    sold : strategies that have a sales row.
    fixed : number of leading columns that are the same in every model of these limits: CVaR and the sales.
    """

    model: WorkingModel
    cvar: int
    linear: Ints
    target_return: Ints
    budget: Ints
    turnover: Ints
    sales: Ints
    sold: Ints
    fixed: int


def costs_of(limits: Limits, aim: Aim) -> Floats:
    """Costs (N,) of the weights, basis points; what sales cost comes on top."""
    costs: Floats = -BASIS_POINTS * reward_of(limits, aim) * (limits.expected - limits.trade_price)
    return costs


def linear_objective(limits: Limits, aim: Aim, weights: Floats) -> float:
    """The objective of weights (N,) in basis points but for CVaR: less the reward of their return net of trades."""
    return -BASIS_POINTS * reward_of(limits, aim) * limits.net_return(weights)


def base_of(limits: Limits, aim: Aim, working: Ints, least_cvar: float) -> Base:
    """A model with the limits' rows, the given strategies and those that the limits do not allow to be 0.

    Parameters
    ----------
    least_cvar : lower bound of the CVaR column, basis points.
    """
    n = limits.expected.size
    model = WorkingModel(costs_of(limits, aim), limits.lower, limits.upper)
    limit = INFINITY if limits.cvar_limit is None else limits.cvar_limit * BASIS_POINTS
    cost = 1.0 if aim is Aim.LEAST_CVAR else 0.0
    (cvar,) = model.add_extras(np.array([cost]), np.array([least_cvar]), np.array([limit]))
    must: NDArray[np.bool_] = limits.lower > 0.0
    if limits.counts_trades:
        must = must | (limits.current > 0.0)
    first = np.union1d(working, np.flatnonzero(must)).astype(np.int32)
    nothing: Ints = np.empty(0, dtype=np.int32)

    def row(full: Floats, lower: float, upper: float, extras: Ints = NO_EXTRAS, each: float = 0.0) -> Ints:
        coefficients = np.full(extras.shape, each)
        return model.add_rows(full[None, :], np.array([lower]), np.array([upper]), extras, coefficients)

    linear = [row(limit.coefficients, -INFINITY, limit.bound) for limit in limits.rows]
    target, budget, turnover, sales, sold = nothing, nothing, nothing, nothing, nothing
    columns = nothing
    if limits.counts_trades:
        sold = np.flatnonzero(limits.current > 0.0).astype(np.int32)
        count = sold.size
        each = 2.0 * BASIS_POINTS * reward_of(limits, aim) * limits.trade_price
        columns = model.add_extras(np.full(count, each), np.zeros(count), np.full(count, INFINITY))
    if limits.target_return is not None:
        net = BASIS_POINTS * (limits.expected - limits.trade_price)
        taken = -2.0 * BASIS_POINTS * limits.trade_price
        target = row(net, _target(limits), INFINITY, columns[None, :], taken)
    if limits.budget is not None:
        budget = row(np.ones(n), limits.budget, limits.budget)
    if limits.counts_trades:
        count = sold.size
        if limits.turnover is not None:
            most = limits.turnover + float(limits.current.sum())
            turnover = row(np.ones(n), -INFINITY, most, columns[None, :], 2.0)
        if count:
            sales = model.add_rows(
                np.eye(n)[sold],
                limits.current[sold],
                np.full(count, INFINITY),
                columns[:, None],
                np.ones((count, 1)),
            )
    model.enter(first)
    return Base(
        model, int(cvar), np.concatenate([nothing, *linear]), target, budget, turnover, sales, sold, 1 + sold.size
    )


def multipliers_of(base: Base, limits: Limits, aim: Aim, scenarios: Floats) -> Multipliers:
    """The prices of the last optimum; those of the scenarios (S,) come from the phase that knows them."""
    duals = base.model.duals
    turnover = float(np.maximum(-duals[base.turnover], 0.0).sum())
    target = float(np.maximum(duals[base.target_return], 0.0).sum())
    priced = limits.trade_price * BASIS_POINTS * (reward_of(limits, aim) + target)
    trades = np.full(limits.expected.size, turnover + priced)
    trades[base.sold] -= duals[base.sales]
    return Multipliers(
        scenarios=np.maximum(scenarios, 0.0),
        rows=np.maximum(-duals[base.linear], 0.0),
        turnover=turnover,
        trades=trades,
        budget=-float(duals[base.budget].sum()),
        target_return=target,
    )


def move(base: Base, before: Limits, after: Limits, aim: Aim) -> None:
    """Change the model from one set of limits to another that differs in values only, not in what is asked for.

    Values that may differ: expected returns, the CVaR limit, turnover, target return, budget and the linear bounds.
    """
    model = base.model
    if after.expected is not before.expected or after.reward != before.reward:
        model.set_costs(costs_of(after, aim))
    if after.cvar_limit is not None and after.cvar_limit != before.cvar_limit:
        model.set_column(base.cvar, -INFINITY, after.cvar_limit * BASIS_POINTS)
    for index, old, new in zip(base.linear, before.rows, after.rows, strict=True):
        if old.bound != new.bound:
            model.set_row(int(index), -INFINITY, new.bound)
    if after.turnover is not None and after.turnover != before.turnover:
        model.set_row(int(base.turnover[0]), -INFINITY, after.turnover + float(after.current.sum()))
    if after.target_return is not None and after.target_return != before.target_return:
        model.set_row(int(base.target_return[0]), _target(after), INFINITY)
    if after.budget is not None and after.budget != before.budget:
        model.set_row(int(base.budget[0]), after.budget, after.budget)


def can_move(before: Limits, after: Limits) -> bool:
    """Whether `move` applies. A target return is a row of the expected returns, which then must not change."""
    same_question = all(
        (old is None) == (new is None)
        for old, new in (
            (before.cvar_limit, after.cvar_limit),
            (before.turnover, after.turnover),
            (before.budget, after.budget),
            (before.target_return, after.target_return),
        )
    )
    return (
        same_question
        and before.returns is after.returns
        and before.beta == after.beta
        and before.trade_price == after.trade_price
        and (before.reward == after.reward or not after.trade_price)
        and np.array_equal(before.lower, after.lower)
        and np.array_equal(before.upper, after.upper)
        and (not after.counts_trades or np.array_equal(before.current, after.current))
        and (after.target_return is None or np.array_equal(before.expected, after.expected))
        and len(before.rows) == len(after.rows)
        and all(
            np.array_equal(old.coefficients, new.coefficients) for old, new in zip(before.rows, after.rows, strict=True)
        )
    )


def _target(limits: Limits) -> float:
    """Bound of the target row: the trades' constant part stands on its side."""
    constant = limits.trade_price * float(limits.current.sum())
    return BASIS_POINTS * ((limits.target_return or 0.0) - constant)
