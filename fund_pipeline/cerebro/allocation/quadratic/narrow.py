"""A question with fewer strategies: those left out are held at 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.limits import LinearLimit
from fund_pipeline.cerebro.allocation.quadratic.programme import Question
from fund_pipeline.cerebro.allocation.quadratic.risk import Risk

_HELD = 1e-7


def may_not_be_left_out(question: Question) -> NDArray[np.bool_]:
    """(N,) strategies with a floor or held today: at 0 they would break a limit or count as a trade."""
    limits = question.limits
    needed: NDArray[np.bool_] = (limits.lower > 0.0) | (limits.current != 0.0)
    return needed


def held(weights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) strategies with a weight that is more than the solver's rounding."""
    more: NDArray[np.bool_] = weights > _HELD * max(1.0, float(weights.max()))
    return more


def narrowed(question: Question, places: NDArray[np.intp]) -> Question:
    """The question of the strategies at these places alone."""
    limits, risk = question.limits, question.risk

    def short(rows: tuple[LinearLimit, ...]) -> tuple[LinearLimit, ...]:
        return tuple(replace(row, coefficients=row.coefficients[places]) for row in rows)

    return replace(
        question,
        limits=replace(
            limits,
            returns=limits.returns[:, places],
            expected=limits.expected[places],
            lower=limits.lower[places],
            upper=limits.upper[places],
            current=limits.current[places],
            rows=short(limits.rows),
            own_bounds=(),
        ),
        risk=Risk(
            None if risk.covariance is None else risk.covariance[np.ix_(places, places)],
            None if risk.factor is None else risk.factor[:, places],
            risk.deviations[places],
        ),
        cuts=short(question.cuts),
    )
