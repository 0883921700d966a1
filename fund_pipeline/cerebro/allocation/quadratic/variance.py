"""The least variance, and the best trade of return against variance (H. Markowitz, "Portfolio selection", 1952)."""

from __future__ import annotations

import math
from dataclasses import replace

from fund_pipeline.cerebro.allocation.answering import is_feasible
from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic.cuts import cut_until_met
from fund_pipeline.cerebro.allocation.quadratic.kkt import checked, linear_bound, residual
from fund_pipeline.cerebro.allocation.quadratic.options import refuse_whole_choices
from fund_pipeline.cerebro.allocation.quadratic.programme import Answered, Question
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic
from fund_pipeline.cerebro.allocation.quadratic.risk import Risk, risk_of_returns
from fund_pipeline.cerebro.allocation.quadratic.shadows import shadow_prices
from fund_pipeline.errors import InputError, InvariantError

LEAST_VARIANCE_SCALE = 1e-6
"""(Ten basis points of annual volatility)²: gaps of less variance, as of perfect hedges, are measured against it."""

LEAST_RETURN_SCALE = 1e-4


def minimise_variance(
    limits: Limits, target_return: float | None = None, *, risk: Risk | None = None
) -> Quadratic | Conflict:
    """Weights with the least annual variance within the limits; cash where the limits allow it and ask no return.

    Parameters
    ----------
    target_return : least expected annual return net of trades, in place of the limits' own; None leaves that.
    risk : in place of the sample covariance of the limits' returns.

    Raises
    ------
    InputError : a target that is not a number; a least weight if held. InvariantError : the solver gave up.
    """
    if target_return is not None:
        if not math.isfinite(target_return):
            raise InputError(f"target_return is {target_return}, expected a number")
        limits = replace(limits, target_return=target_return)
    refuse_whole_choices(limits)
    question = Question(limits, risk or risk_of_returns(limits.returns))
    found = _found(question)
    if isinstance(found, Conflict):
        return found
    # The programme minimises half the variance: its prices and bound count twice. No variance is below 0.
    proved = _proved(*found, scale=LEAST_VARIANCE_SCALE / 2.0)
    notes = ("nothing is asked of the weights, so cash has the least variance",) if not proved.weights.any() else ()
    variance = question.risk.variance(proved.weights)
    bound = max(2.0 * (proved.bound or 0.0), 0.0)
    answer = Quadratic(
        weights=proved.weights,
        objective=variance,
        bound=bound,
        relative_gap=abs(variance - bound) / max(variance, LEAST_VARIANCE_SCALE),
        kkt_residual=proved.kkt_residual,
        prices={name: 2.0 * price for name, price in proved.prices.items()},
        notes=notes,
    )
    return checked(limits, answer)


def mean_variance(limits: Limits, risk_aversion: float, *, risk: Risk | None = None) -> Quadratic | Conflict:
    """Weights with the greatest expected annual return net of trades − risk_aversion/2 × annual variance.

    Parameters
    ----------
    risk_aversion : positive; return asked for per unit of annual variance, as in 1 to 10.
    risk : as for `minimise_variance`, and errors too.
    """
    if not (math.isfinite(risk_aversion) and risk_aversion > 0.0):
        raise InputError(f"risk_aversion is {risk_aversion}, expected a positive number")
    refuse_whole_choices(limits)
    found = _found(Question(limits, risk or risk_of_returns(limits.returns), aversion=risk_aversion, reward=1.0))
    if isinstance(found, Conflict):
        return found
    proved = _proved(*found, scale=LEAST_RETURN_SCALE)
    answer = Quadratic(
        weights=proved.weights,
        objective=-(proved.objective or 0.0),
        bound=-(proved.bound or 0.0),
        relative_gap=proved.relative_gap,
        kkt_residual=proved.kkt_residual,
        prices={name: -price for name, price in proved.prices.items()},
    )
    return checked(limits, answer)


def _found(question: Question) -> tuple[Question, Answered] | Conflict:
    found = None if (question.limits.lower > question.limits.upper).any() else cut_until_met(question)
    if isinstance(found, tuple):
        return found
    if is_feasible(question.limits):
        raise InvariantError(f"the quadratic programme gave no weights, though the limits can be met: {found}")
    return Conflict(conflicting(question.limits))


def _proved(question: Question, found: Answered, scale: float) -> Quadratic:
    """With the signs of the programme: what is minimised, and prices as its derivatives."""
    limits, risk, weights = question.limits, question.risk, found.weights
    half = 0.5 * question.aversion * risk.variance(weights)
    objective = half - (question.reward * limits.net_return(weights) if question.reward else 0.0)
    slope = question.aversion * risk.slope(weights) - question.reward * limits.expected
    linear = linear_bound(question, found.prices, slope)
    bound = linear.least - half
    size = max(abs(objective), scale)
    return Quadratic(
        weights=weights,
        objective=objective,
        bound=bound,
        relative_gap=abs(objective - bound) / size,
        kkt_residual=residual(question, weights, found.prices, slope, linear.costs, size),
        prices=shadow_prices(question, weights, found.prices, linear.costs, slope),
    )
