"""Named, versioned ways to an allocation, to be run on the same problem and compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from fund_pipeline.cerebro.allocation.asking import Objective, Question, by_way, optimise
from fund_pipeline.cerebro.allocation.ladder import Way
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.allocation.ratio import largest_share
from fund_pipeline.cerebro.allocation.rounding import storable_weights
from fund_pipeline.cerebro.allocation.solution import Certificate, Solution, SolutionStatus
from fund_pipeline.cerebro.allocation.solving import portfolio_of
from fund_pipeline.errors import InputError

DEFAULT = "cerebro"


@dataclass(frozen=True)
class Allocator:
    """One way to an allocation.

    Attributes
    ----------
    name : what it is called.
    description : what it does, in a sentence.
    answer : the solution of a problem; the question's objective is its own business if it has one.
    """

    name: str
    description: str
    answer: Callable[[Problem, Question], Solution]


def _for_itself(objective: Objective, problem: Problem, question: Question) -> Solution:
    target = question.target_return if objective in (Objective.MIN_CVAR, Objective.MIN_VARIANCE) else None
    return optimise(problem, Question(objective, target_return=target))


def _equal_weight(problem: Problem, _: Question) -> Solution:
    """The same weight for each strategy, as large as the limits allow: what any method has to beat."""
    limits = limits_of(problem)
    if not limits.is_cone:
        raise InputError("equal-weight takes no budget, floors or trades", remedy="compare without them")
    alike = (limits.upper > 0.0).astype(np.float64)
    share, names = largest_share(limits, alike) if alike.any() else (0.0, ())
    weights = storable_weights(limits, alike * share, lambda _: None)
    portfolio = portfolio_of(problem, weights)
    return Solution(
        status=SolutionStatus.OPTIMAL,
        strategies=problem.scenarios.strategies,
        portfolio=portfolio,
        certificate=Certificate(portfolio.cvar, None, None, 0.0, ()),
        conflicts=(),
        solver="none",
        allocator="equal-weight 1.0",
        objective="equal-weight",
        notes=tuple(f"{name} bounds the size" for name in names),
    )


_ALL = (
    Allocator(DEFAULT, "Cerebro's own engine for the objective asked for.", optimise),
    Allocator("plain-lp", "The whole linear programme, without the fast engine.", partial(by_way, Way.PLAIN)),
    Allocator("pyportfolioopt", "PyPortfolioOpt's EfficientCVaR, checked and proved alike.", partial(by_way, Way.PEER)),
    Allocator("equal-weight", "The same weight for each, as large as the limits allow.", _equal_weight),
    *(
        Allocator(objective.value, f"Always {objective.value}.", partial(_for_itself, objective))
        for objective in Objective
        if objective is not Objective.MEAN_VARIANCE
    ),
)

ALLOCATORS = {allocator.name: allocator for allocator in _ALL}


def run(name: str, problem: Problem, question: Question) -> Solution:
    """The answer of the allocator of that name; InputError lists the names there are."""
    found = ALLOCATORS.get(name)
    if found is None:
        raise InputError(f"no allocator is called {name!r}", remedy=f"choose from {', '.join(ALLOCATORS)}")
    answer = found.answer(problem, question)
    return (
        replace(answer, allocator=f"{name}: {answer.allocator}") if name in ("plain-lp", "pyportfolioopt") else answer
    )
