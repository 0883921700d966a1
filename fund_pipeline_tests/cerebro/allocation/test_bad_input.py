"""Whatever is asked, the answer is clear: refused by field and value, infeasible by name, cash, or finite weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import (
    Problem,
    Solution,
    SolutionStatus,
    efficient_frontier,
    maximise_ratio,
    minimise_cvar,
    solve,
)
from fund_pipeline.cerebro.allocation.quadratic import QuadraticObjective, solve_quadratic
from fund_pipeline.errors import InfeasibleError, InputError
from fund_pipeline_tests.cerebro.allocation.odd_questions import CASES, Answer, Case, problem

ASKS: dict[str, Callable[[Problem], Any]] = {
    "most return": solve,
    "least cvar": minimise_cvar,
    "best ratio": maximise_ratio,
    "frontier": lambda problem: efficient_frontier(problem, 4),
}


def floats_in(value: object) -> Iterator[float]:
    """Every number in a value, however deep."""
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from floats_in(getattr(value, one.name))
    elif isinstance(value, np.ndarray):
        yield from value.ravel().tolist()
    elif isinstance(value, dict):
        yield from floats_in(tuple(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from floats_in(one)
    elif isinstance(value, float):
        yield value


def asked(case: Case, ask: str) -> tuple[Answer, str, Any]:
    """What came back, in words, and the value; anything but a refusal or a conflict is raised."""
    try:
        found = ASKS[ask](case.make())
    except InputError as error:
        return Answer.REFUSED, str(error), None
    except InfeasibleError as error:
        return Answer.INFEASIBLE, str(error), None
    if isinstance(found, Solution):
        if found.status is SolutionStatus.INFEASIBLE:
            return Answer.INFEASIBLE, ", ".join(found.conflicts), found
        return Answer.WEIGHTS if found.weights.any() else Answer.CASH, "", found
    return Answer.WEIGHTS if any(point.weights.any() for point in found) else Answer.CASH, "", found


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_odd_question_gets_the_answer_that_is_due(case: Case, ask: str) -> None:
    due, says = case.but.get(ask, (case.due, case.says))
    answer, words, value = asked(case, ask)
    assert answer is due, words
    assert [text for text in says if text not in words] == []
    assert all(map(math.isfinite, floats_in(value)))


@pytest.mark.parametrize("objective", QuadraticObjective)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_other_objective_answers_or_refuses_in_words(case: Case, objective: QuadraticObjective) -> None:
    """What each is due is told in their own tests; here, that nothing else is raised and nothing is NaN."""
    aversion = 3.0 if objective is QuadraticObjective.MEAN_VARIANCE else None
    try:
        found = solve_quadratic(case.make(), objective, risk_aversion=aversion)
    except InputError:
        return
    assert found.conflicts or found.portfolio is not None
    assert all(map(math.isfinite, floats_in(found)))


def test_the_walk_through_an_answer_finds_a_nan() -> None:
    found = solve(problem())
    assert found.portfolio is not None
    assert all(map(math.isfinite, floats_in(found)))
    spoilt = replace(found, portfolio=replace(found.portfolio, weights=np.array([0.1, math.nan])))
    assert not all(map(math.isfinite, floats_in((spoilt,))))
    assert not all(map(math.isfinite, floats_in({"deep": replace(found.portfolio, cdar=math.nan)})))


@pytest.mark.parametrize("target", [math.nan, math.inf, -math.inf])
def test_a_target_that_is_no_number_is_refused(target: float) -> None:
    with pytest.raises(InputError, match=f"target_return is {target}"):
        minimise_cvar(problem(), target)
