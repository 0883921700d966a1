"""Odd questions, and what answer is due to each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import numpy as np

from fund_pipeline.cerebro.allocation import Cluster, Constraints, Problem, WeightBounds
from fund_pipeline.cerebro.model import ReturnsMatrix


class Answer(Enum):
    """What kind of answer is due."""

    REFUSED = auto()
    INFEASIBLE = auto()
    CASH = auto()
    WEIGHTS = auto()


@dataclass(frozen=True)
class Case:
    """Something odd, the answer due to it, what the answer must say, and which questions are due another one."""

    name: str
    make: Callable[[], Problem]
    due: Answer
    says: tuple[str, ...] = ()
    but: dict[str, tuple[Answer, tuple[str, ...]]] = field(default_factory=dict)


DAYS, COUNT = 120, 4


def returns() -> np.ndarray:
    rng = np.random.default_rng(11)
    return rng.normal(8e-4, 0.01, (DAYS, COUNT)) + 0.004 * rng.standard_t(4, (DAYS, 1))


def problem(values: np.ndarray | None = None, **changes: Any) -> Problem:
    """Ordinary but for what is given: `values`, a field of Problem, or a field of Constraints."""
    values = returns() if values is None else values
    days, count = values.shape
    given = {name: changes.pop(name) for name in ("expected_returns", "margins", "current_weights") if name in changes}
    matrix = ReturnsMatrix(np.datetime64("2020-01-01") + np.arange(days), tuple("ABCDEFGH"[:count]), values)
    usual = {
        "expected_returns": np.linspace(0.05, 0.15, count),
        "margins": np.full(count, 0.2),
        "current_weights": np.zeros(count),
    }
    return Problem(matrix, **usual | given, constraints=Constraints(**{"cvar_limit": 0.02} | changes))


def changed(row: int, column: int, value: float) -> np.ndarray:
    values = returns()
    values[row, column] = value
    return values


def column(index: int, value: float | np.ndarray) -> np.ndarray:
    values = returns()
    values[:, index] = value
    return values


def some(value: float) -> np.ndarray:
    return np.array([0.1, value, 0.1, 0.1])


def losing() -> np.ndarray:
    return np.linspace(-0.2, -0.05, COUNT)


NO_RATIO = {"best ratio": (Answer.REFUSED, ("no greatest value",))}
NOT_WHOLE = {"best ratio": (Answer.REFUSED, ("min_weight_if_held", "takes none"))}
NO_GAIN = {"best ratio": (Answer.INFEASIBLE, ("expected return > 0",))}
RISK_IGNORED = {"least cvar": (Answer.WEIGHTS, ()), "frontier": (Answer.WEIGHTS, ())}
ALL_RISKS = {"frontier": (Answer.WEIGHTS, ())}
CAREFUL = {"least cvar": (Answer.CASH, ())}

CASES = (
    Case("a NaN return", lambda: problem(changed(3, 1, math.nan)), Answer.REFUSED, ("B has no return on 2020-01-04",)),
    Case("an infinite return", lambda: problem(changed(3, 1, math.inf)), Answer.REFUSED, ("strategy B",)),
    Case("an infinite loss", lambda: problem(changed(0, 3, -math.inf)), Answer.REFUSED, ("strategy D",)),
    Case("a NaN mean", lambda: problem(expected_returns=some(math.nan)), Answer.REFUSED, ("of strategy B is nan",)),
    Case("an infinite mean", lambda: problem(expected_returns=some(math.inf)), Answer.REFUSED, ("strategy B is inf",)),
    Case("a negative margin", lambda: problem(margins=some(-0.1)), Answer.REFUSED, ("margins of strategy B is -0.1",)),
    Case("a NaN margin", lambda: problem(margins=some(math.nan)), Answer.REFUSED, ("margins of strategy B is nan",)),
    Case("a NaN weight", lambda: problem(current_weights=some(math.nan)), Answer.REFUSED, ("current_weights", "nan")),
    Case("too few days", lambda: problem(returns()[:19]), Answer.REFUSED, ("19 common days", "20")),
    Case("as many days as needed", lambda: problem(returns()[:20]), Answer.WEIGHTS, but=CAREFUL),
    Case("no days", lambda: problem(returns()[:0]), Answer.REFUSED, ("0 common days",)),
    Case("no strategy", lambda: problem(returns()[:, :0]), Answer.REFUSED, ("no strategy",)),
    Case("a negative CVaR limit", lambda: problem(cvar_limit=-0.01), Answer.REFUSED, ("cvar_limit is -0.01",)),
    Case("an infinite budget", lambda: problem(budget=math.inf), Answer.REFUSED, ("budget is inf",)),
    Case("a NaN drawdown limit", lambda: problem(max_cdar=math.nan), Answer.REFUSED, ("max_cdar is nan",)),
    Case("a negative price of trades", lambda: problem(transaction_cost=-1.0), Answer.REFUSED, ("transaction_cost",)),
    Case("a strategy that never moves", lambda: problem(column(1, 0.0)), Answer.WEIGHTS, but=NO_RATIO | CAREFUL),
    Case("one that always gains", lambda: problem(column(1, 0.001)), Answer.WEIGHTS, but=NO_RATIO),
    Case("one that always loses", lambda: problem(column(1, -0.001)), Answer.WEIGHTS, but=CAREFUL),
    Case("two alike", lambda: problem(column(1, returns()[:, 0])), Answer.WEIGHTS, but=CAREFUL),
    Case("all alike", lambda: problem(np.repeat(returns()[:, :1], COUNT, axis=1)), Answer.WEIGHTS, but=CAREFUL),
    Case("an opposite", lambda: problem(column(1, -returns()[:, 0])), Answer.WEIGHTS, but=NO_RATIO | CAREFUL),
    Case("nothing moves", lambda: problem(np.zeros((DAYS, COUNT))), Answer.WEIGHTS, but=NO_RATIO | CAREFUL),
    Case("one day only moves", lambda: problem(np.eye(DAYS, COUNT) * -0.5), Answer.WEIGHTS, but=CAREFUL),
    Case("one strategy", lambda: problem(returns()[:, :1]), Answer.WEIGHTS, but=CAREFUL),
    Case(
        "a CVaR limit below the least there is",
        lambda: problem(cvar_limit=1e-5, budget=1.0),
        Answer.INFEASIBLE,
        ("cvar_limit = 1e-05", "budget = 1"),
        RISK_IGNORED,
    ),
    Case(
        "a CVaR limit of nothing", lambda: problem(cvar_limit=0.0), Answer.CASH, but={"frontier": (Answer.WEIGHTS, ())}
    ),
    Case(
        "floors above caps",
        lambda: problem(min_weight=0.6),
        Answer.INFEASIBLE,
        ("max_weight = 0.5", "min_weight = 0.6"),
    ),
    Case(
        "a strategy's floor above its cap",
        lambda: problem(bounds=(WeightBounds("C", 0.3, 0.2),)),
        Answer.INFEASIBLE,
        ("least weight of C = 0.3", "greatest weight of C = 0.2"),
    ),
    Case(
        "a budget above the leverage",
        lambda: problem(budget=1.0, max_leverage=0.5, cvar_limit=None),
        Answer.INFEASIBLE,
        ("budget = 1", "max_leverage = 0.5"),
    ),
    Case(
        "a budget no weights can sum to",
        lambda: problem(budget=1.0, max_weight=0.0, cvar_limit=None),
        Answer.INFEASIBLE,
        ("budget = 1", "max_weight = 0"),
        {"best ratio": (Answer.INFEASIBLE, ("max_weight = 0",))},
    ),
    Case(
        "a cluster of everything at nothing, and a budget",
        lambda: problem(budget=0.5, clusters=(Cluster("all", tuple("ABCD"), 0.0),), cvar_limit=None),
        Answer.INFEASIBLE,
        ("budget = 0.5", "cluster:all = 0"),
        {"best ratio": (Answer.INFEASIBLE, ("cluster:all = 0",))},
    ),
    Case("a least holding above every cap", lambda: problem(min_weight_if_held=0.6), Answer.CASH, but=NOT_WHOLE),
    Case(
        "a least holding above the budget",
        lambda: problem(min_weight_if_held=0.4, budget=0.3, cvar_limit=None),
        Answer.INFEASIBLE,
        ("budget = 0.3", "min_weight_if_held = 0.4"),
        NOT_WHOLE,
    ),
    Case("weights that sum to nothing", lambda: problem(max_weight=0.0), Answer.CASH),
    Case("no leverage", lambda: problem(max_leverage=0.0), Answer.CASH),
    Case("no margin", lambda: problem(margin_cap=0.0), Answer.CASH),
    Case("no drawdown", lambda: problem(max_cdar=0.0), Answer.CASH),
    Case("all means negative", lambda: problem(expected_returns=losing()), Answer.CASH),
    Case("all means zero", lambda: problem(expected_returns=np.zeros(COUNT)), Answer.CASH),
    Case(
        "all means negative, and a budget",
        lambda: problem(expected_returns=losing(), budget=1.0, cvar_limit=None),
        Answer.WEIGHTS,
        but=NO_GAIN,
    ),
    Case(
        "a turnover that does not reach the limits",
        lambda: problem(current_weights=np.full(COUNT, 0.4), max_leverage=0.5, max_turnover=0.1),
        Answer.INFEASIBLE,
        ("max_leverage = 0.5", "max_turnover = 0.1"),
    ),
)
