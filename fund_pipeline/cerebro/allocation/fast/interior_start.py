"""The programme of the interior-point method in arrays, and a point inside it to start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS, Tail
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.model import Floats

_FIRST_SHARE = 0.01
_MOST_WEIGHT = 10.0
_INSIDE = 0.5
_CLEAR = 0.05
_DUAL = 0.1
_TINY = 1e-12
_LEAST_SLACK = 1e-4
_SAMPLE = 50


@dataclass(frozen=True)
class Programme:
    """Minimise cost · x subject to rows x ≤ bounds, lower ≤ x ≤ upper, Σx = equal and CVaR(x) × tail ≤ limit.

    x are the n movable weights in units of 1e-4, so that decimal returns give basis points. Where CVaR is not limited
    but minimised, the objective is CVaR × tail instead.

    Attributes
    ----------
    returns : (S, n). cost, lower, upper : (n,). rows : (m, n), bounds : (m,).
    limited : whether CVaR is limited rather than minimised.
    """

    tail: Tail
    returns: Floats
    cost: Floats
    rows: Floats
    bounds: Floats
    equal: float | None
    lower: Floats
    upper: Floats
    limited: bool
    limit: float


@dataclass(frozen=True)
class Start:
    """A point with all slacks and duals positive: weights and VaR; slacks and duals by part, see `parts`."""

    weights: Floats
    level: float
    slack: Floats
    dual: Floats


def programme_of(limits: Limits, aim: Aim, tail: Tail, movable: NDArray[np.bool_]) -> Programme:
    """The programme over the movable strategies."""
    rows = [row.coefficients[movable] for row in limits.rows]
    bounds = [row.bound for row in limits.rows]
    expected = limits.expected[movable]
    if limits.target_return is not None:
        rows.append(-expected)
        bounds.append(-limits.target_return)
    return Programme(
        tail=tail,
        returns=limits.returns if movable.all() else limits.returns[:, movable],
        cost=-expected if aim is Aim.MOST_RETURN else -expected * (limits.reward * tail.size),
        rows=np.array(rows) if rows else np.empty((0, expected.size)),
        bounds=np.array(bounds) * BASIS_POINTS,
        equal=None if limits.budget is None else limits.budget * BASIS_POINTS,
        lower=limits.lower[movable] * BASIS_POINTS,
        upper=limits.upper[movable] * BASIS_POINTS,
        limited=aim is Aim.MOST_RETURN,
        limit=(limits.cvar_limit or 0.0) * BASIS_POINTS * tail.size,
    )


def parts(programme: Programme) -> tuple[slice, slice, slice, slice, slice, slice]:
    """Where slacks and duals lie: tail rows, tail losses, linear rows, lower bounds, upper bounds, the CVaR row."""
    scenarios, n = programme.returns.shape
    sizes = (scenarios, scenarios, len(programme.bounds), n, n, 1)
    ends = np.cumsum(sizes).tolist()
    tails, losses, rows, low, high, cvar = (slice(end - size, end) for size, end in zip(sizes, ends, strict=True))
    return tails, losses, rows, low, high, cvar


def start_of(programme: Programme) -> Start:
    """Small equal weights that use about half of each limit; days all equally likely to be in the tail."""
    tail, lower = programme.tail, programme.lower
    weights = lower + _FIRST_SHARE * (np.minimum(programme.upper, _MOST_WEIGHT * BASIS_POINTS) - lower)
    cvar, _ = tail.cvar(-(programme.returns @ weights))
    if programme.limited and cvar > 0.0:
        weights = lower + (weights - lower) * min(_MOST_WEIGHT, _INSIDE * programme.limit / tail.size / cvar)
    use = programme.rows @ weights
    tight = use > _INSIDE * programme.bounds
    if tight.any():
        room = _INSIDE * programme.bounds[tight] / np.maximum(use[tight], _TINY)
        weights = lower + (weights - lower) * float(np.clip(room.min(), 1e-3, 1.0))
    losses = -(programme.returns @ weights)
    first = tail.scenarios - tail.whole - 1
    level = float(np.partition(losses, first)[first])
    beyond = np.maximum(losses - level, 0.0) + _CLEAR * max(float(np.abs(losses).mean()), 1e-9)
    spare = programme.bounds - programme.rows @ weights
    left = programme.limit - tail.size * level - float(beyond.sum())
    slack = np.concatenate(
        (
            beyond - (losses - level),
            beyond,
            np.maximum(spare, _DUAL * np.maximum(np.abs(programme.bounds), 1.0)),
            np.maximum(weights - lower, _LEAST_SLACK),
            np.maximum(programme.upper - weights, _LEAST_SLACK),
            [max(left, _DUAL * programme.limit + 1e-6)],
        )
    )
    return Start(weights, level, slack, _first_duals(programme))


def _first_duals(programme: Programme) -> Floats:
    scenarios = programme.tail.scenarios
    price = 1.0
    if programme.limited:
        most = max(float(np.maximum(-programme.cost, 0.0).max()), float(np.abs(programme.cost).mean()) + _TINY)
        typical = max(_LEAST_SLACK, float(np.abs(programme.returns[:_SAMPLE]).mean()))
        price = most / (programme.tail.size * typical)
    chance = np.full(scenarios, price * programme.tail.size / scenarios)
    cost = programme.cost - chance @ programme.returns
    least = _DUAL * float(np.abs(cost).mean()) + _TINY
    rows = np.full(len(programme.bounds), 0.01 * least)
    cost = cost + rows @ programme.rows
    return np.concatenate(
        (chance, price - chance, rows, np.maximum(cost, 0.0) + least, np.maximum(-cost, 0.0) + least, [price])
    )
