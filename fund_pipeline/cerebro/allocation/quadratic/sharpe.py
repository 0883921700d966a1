"""The greatest Sharpe ratio (W. F. Sharpe, "Mutual fund performance", 1966), the riskless rate being 0.

The ratio is the same at every size. Where limits only bound the size, the composition is sought without them and then
held as large as all of them allow: among all portfolios with the greatest ratio, the one with the most return. With a
budget it is the fully invested one. Where limits also shape the composition (floors, a budget, turnover, the price of
trades, a target), the ratio within them is sought; see `programme.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from fund_pipeline.cerebro.allocation.answering import answer
from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.fast.engine import Engine
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.lp import Aim
from fund_pipeline.cerebro.allocation.quadratic.convex import Failed
from fund_pipeline.cerebro.allocation.quadratic.cuts import cut_until_met
from fund_pipeline.cerebro.allocation.quadratic.kkt import GREATEST_GAP, checked, linear_bound, residual
from fund_pipeline.cerebro.allocation.quadratic.options import refuse_whole_choices
from fund_pipeline.cerebro.allocation.quadratic.programme import Answered, Prices, Question
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic
from fund_pipeline.cerebro.allocation.quadratic.risk import Risk, risk_of_returns
from fund_pipeline.cerebro.allocation.quadratic.shadows import shadow_prices
from fund_pipeline.cerebro.allocation.quadratic.size import greatest_multiple
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError, InvariantError

LEAST_RATIO_SCALE = 1e-4

_SCALES = (1e3, 1e5, 1e2, np.inf)
"""Greatest κ, in turn, where no limit keeps it from growing: least return looked at ÷ greatest expected return."""

_GAP = 1e-8
_SOME_RETURN = 1e-6
_NO_RETURN = 1e-10
_NAMED = 8
_NOTHING = 1e-12


@dataclass(frozen=True)
class _Best:
    """Weights (N,) with the greatest ratio, under which question, and at which prices."""

    question: Question
    weights: Floats
    prices: Prices
    note: str


def maximise_sharpe(
    limits: Limits, *, risk: Risk | None = None, strategies: tuple[str, ...] | None = None
) -> Quadratic | Conflict:
    """Weights with the greatest expected annual return net of trades ÷ annual volatility; cash if none is positive.

    Parameters
    ----------
    risk : in place of the sample covariance of the limits' returns.
    strategies : their names, for an error; else they are numbered from 1.

    Raises
    ------
    InputError : a portfolio with a positive return and no variance, of which the ratio has no greatest value; a least
        weight if held. InvariantError : the solver gave up.
    """
    refuse_whole_choices(limits)
    if (limits.lower > limits.upper).any():
        return Conflict(conflicting(limits))
    risk = risk or risk_of_returns(limits.returns)
    if riskless := _riskless(limits, risk):
        raise _no_greatest(riskless, strategies)
    only_size = limits.is_cone and all(row.bound >= 0.0 for row in limits.rows)
    nearest: Quadratic | None = None
    for best in _of_composition(limits, risk) if only_size else _within(limits, risk):
        if best.weights.any() and risk.cancels(best.weights):
            raise _no_greatest(list(np.flatnonzero(best.weights > _SOME_RETURN * best.weights.max())), strategies)
        answer = _proved(limits, best)
        if nearest is None or (answer.relative_gap or 0.0) < (nearest.relative_gap or 0.0):
            nearest = answer
        if (answer.relative_gap or 0.0) <= GREATEST_GAP:
            break
    return _without_return(limits) if nearest is None else checked(limits, nearest)


def _of_composition(limits: Limits, risk: Risk) -> Iterator[_Best]:
    """Of a cone: only bounds of 0 shape the composition."""
    shapes = [row.bound == 0.0 for row in limits.rows]
    forbidden = limits.upper <= 0.0
    for row, shape in zip(limits.rows, shapes, strict=True):
        if shape and (row.coefficients >= 0.0).all():
            forbidden |= row.coefficients > 0.0
    depth = limits.drawdown
    shaping = replace(
        limits,
        upper=np.where(forbidden, 0.0, np.inf),
        rows=tuple(row for row, shape in zip(limits.rows, shapes, strict=True) if shape),
        cvar_limit=0.0 if limits.cvar_limit == 0.0 else None,
        drawdown=depth if depth is not None and depth.bound == 0.0 else None,
    )
    found = _asked(Question(shaping, risk, is_ratio=True))
    if found is None:
        return
    question, answer = found
    # What the solver leaves next to nothing of is nothing: a limit of 0 on it must not bound the size.
    composition = np.where(answer.weights > _NOTHING * answer.weights.max(), answer.weights, 0.0)
    multiple, name = greatest_multiple(limits, composition)
    if not np.isfinite(multiple):
        multiple, name = 1.0 / float(composition.sum()), ""
    prices = np.zeros(len(shapes) + len(question.cuts))
    prices[np.flatnonzero([*shapes, *(True for _ in question.cuts)])] = answer.prices.rows
    yield _Best(
        replace(question, limits=replace(limits, upper=np.where(forbidden, 0.0, limits.upper))),
        composition * multiple,
        replace(answer.prices, rows=prices),
        f"the ratio is the same at every size; the size is the greatest that {name or 'Σw = 1'} allows",
    )


def _within(limits: Limits, risk: Risk) -> Iterator[_Best]:
    """Of limits that shape the composition: at one greatest κ after another, until an answer is proved."""
    shrinks = not limits.broken_by(np.zeros(limits.expected.size))
    for scale in _SCALES if shrinks else (np.inf,):
        found = _asked(Question(limits, risk, is_ratio=True, is_scaled=True, greatest_scale=scale))
        if found is None:
            continue
        question, answer = found
        weights, note = answer.weights, ""
        if not limits.trade_price and limits.budget is None:
            multiple, name = greatest_multiple(limits, weights)
            if np.isfinite(multiple) and multiple > 1.0:
                weights = weights * multiple
                note = f"weights are as large at the greatest ratio as {name} allows"
        yield _Best(question, weights, answer.prices, note)


def _asked(question: Question) -> tuple[Question, Answered] | None:
    if not (question.limits.expected > 0.0).any():
        return None
    found = cut_until_met(question)
    if isinstance(found, Failed):
        return None
    weights = found[1].weights
    if question.limits.net_return(weights) <= 0.0:
        return None
    return found


def _riskless(limits: Limits, risk: Risk) -> list[int]:
    """Places of strategies that may be held alone and have a positive return, net of trades, without moving."""
    places = []
    for i in np.flatnonzero((risk.deviations == 0.0) & (limits.expected > 0.0)):
        alone = np.zeros(limits.expected.size)
        alone[i] = 1.0
        multiple = greatest_multiple(replace(limits, turnover=None), alone)[0]
        for size in (multiple, _SOME_RETURN * multiple) if np.isfinite(multiple) else (1.0,):
            if limits.net_return(alone * size) > 0.0 and not limits.broken_by(alone * size, 1e-12):
                places.append(int(i))
                break
    return places


def _no_greatest(held: list[int], strategies: tuple[str, ...] | None) -> InputError:
    names = [strategies[i] if strategies else f"number {i + 1}" for i in held]
    few = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} others" if len(names) > _NAMED else "")
    return InputError(
        f"the Sharpe ratio has no greatest value: {few} have a positive expected return and no variance",
        remedy="leave one of them out; with many more strategies than days, give a longer history",
    )


def _proved(limits: Limits, best: _Best) -> Quadratic:
    question, weights, prices = replace(best.question, reward=1.0), best.weights, best.prices
    expected, volatility = limits.net_return(weights), question.risk.volatility(weights)
    if volatility <= 0.0:
        return Quadratic(weights, None, None, None, None, notes=("the limits leave no size but 0: cash",))
    ratio = expected / volatility
    # No weights have a return above ratio × volatility but for what the multipliers fail to prove.
    slope = ratio / volatility * question.risk.slope(weights) - limits.expected
    linear = linear_bound(question, prices, slope)
    bound = ratio - linear.least / volatility
    costs = shadow_prices(question, weights, prices, linear.costs, limits.expected)
    return Quadratic(
        weights=weights,
        objective=ratio,
        bound=bound,
        relative_gap=abs(bound - ratio) / max(ratio, LEAST_RATIO_SCALE),
        kkt_residual=residual(question, weights, prices, slope, linear.costs, expected),
        prices={name: -price / volatility for name, price in costs.items()},
        notes=(best.note,) if best.note else (),
    )


def _without_return(limits: Limits) -> Quadratic | Conflict:
    """Nothing with a positive return was found: cash, or limits that forbid both, or limits that contradict."""
    cash = np.zeros(limits.expected.size)
    if not limits.broken_by(cash) and not (limits.expected > 0.0).any():
        return _cash(cash)
    most = answer(limits, Aim.MOST_RETURN, Engine()).proved
    if most is None:
        return Conflict(conflicting(limits))
    reached = most.objective
    if reached > _NO_RETURN * max(float(np.abs(limits.expected).max()), 1.0):
        raise InvariantError(f"no greatest Sharpe ratio was found, though a return of {reached:g} is within the limits")
    if not limits.broken_by(cash):
        return _cash(cash)
    names = conflicting(replace(limits, target_return=max(_SOME_RETURN, limits.target_return or 0.0)))
    wanted = tuple("a positive expected return" if name.startswith("target_return") else name for name in names)
    return Conflict(wanted, ("without a positive expected return there is no greatest Sharpe ratio",))


def _cash(weights: Floats) -> Quadratic:
    return Quadratic(weights, None, None, None, None, notes=("no weights have a positive expected return: cash",))
