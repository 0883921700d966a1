"""Every objective by its name, and the allocators side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import Cluster, Constraints, SolutionStatus, WeightBounds
from fund_pipeline.cerebro.allocation.allocators import ALLOCATORS, run
from fund_pipeline.cerebro.allocation.asking import Objective, Question, optimise
from fund_pipeline.errors import InputError
from fund_pipeline_tests.cerebro.allocation.test_ratio import fat, problem_of

FREE = Constraints(cvar_limit=None, margin_cap=None)
LEAST = (Objective.MIN_CVAR, Objective.MIN_VARIANCE)
RATIOS = (Objective.MAX_SHARPE, Objective.MAX_RETURN_CVAR)


@pytest.mark.parametrize("objective", RATIOS)
def test_a_group_that_may_hold_nothing_is_as_if_it_were_not_there(objective: Objective) -> None:
    closed = replace(FREE, clusters=(Cluster("c", ("S0", "S1"), 0.0),))
    without = replace(FREE, bounds=(WeightBounds("S0", 0.0, 0.0), WeightBounds("S1", 0.0, 0.0)))
    for seed in range(5):
        found = optimise(problem_of(fat(seed), closed), Question(objective))
        other = optimise(problem_of(fat(seed), without), Question(objective))
        assert found.weights == pytest.approx(other.weights, abs=1e-6), seed
        assert found.leverage > 0.1, seed


@pytest.mark.parametrize("objective", LEAST)
def test_least_risk_is_asked_of_all_that_can_be_invested_and_says_so(objective: Objective) -> None:
    margins = np.full(6, 0.7)
    capped = replace(problem_of(fat(1), replace(FREE, margin_cap=0.35)), margins=margins)
    found = optimise(capped, Question(objective))
    assert found.leverage == pytest.approx(0.5, abs=1e-6)
    assert found.notes[0].startswith("fully invested (Σw = 0.5")


@pytest.mark.parametrize("objective", LEAST)
def test_a_limit_of_risk_that_full_investment_cannot_meet_is_named_with_it(objective: Objective) -> None:
    for limited in (replace(FREE, cvar_limit=1e-4), replace(FREE, max_cdar=1e-4)):
        found = optimise(problem_of(fat(1), limited), Question(objective))
        assert found.status is SolutionStatus.INFEASIBLE
        assert "fully invested" in found.conflicts


def test_the_least_cvar_above_its_limit_is_no_answer() -> None:
    asked = replace(FREE, budget=1.0, cvar_limit=1e-3)
    found = optimise(problem_of(fat(1), asked), Question(Objective.MIN_CVAR))
    assert found.status is SolutionStatus.INFEASIBLE
    assert set(found.conflicts) == {"budget = 1", "cvar_limit = 0.001"}


def test_holdings_that_may_move_only_so_far_make_least_risk_invest() -> None:
    current = np.full(6, 0.1)
    found = optimise(problem_of(fat(1), replace(FREE, max_turnover=0.2), current), Question(Objective.MIN_VARIANCE))
    assert found.leverage == pytest.approx(0.4, abs=1e-6)
    assert not any("fully invested" in note for note in found.notes)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Constraints(max_weight=1e9),
        lambda: Constraints(budget=1e308),
        lambda: Constraints(transaction_cost=1e5),
        lambda: Question(Objective.MIN_CVAR, target_return=1e300),
        lambda: Question(Objective.MEAN_VARIANCE, risk_aversion=1e300),
        lambda: replace(problem_of(fat(1), FREE), expected_returns=np.full(6, 1e300)),
        lambda: replace(problem_of(fat(1), FREE), current_weights=np.full(6, 1e300)),
        lambda: replace(problem_of(fat(1), FREE), margins=np.full(6, 1e308)),
    ],
)
def test_amounts_that_are_a_mistaken_unit_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InputError, match=r"give|fractions") as refused:
        wrong()
    assert refused.value.remedy


def test_every_allocator_answers_the_same_problem_within_its_limits() -> None:
    problem = problem_of(fat(2), Constraints(cvar_limit=0.02, margin_cap=None))
    best = run("cerebro", problem, Question()).expected_return_annual
    for name in ALLOCATORS:
        found = run(name, problem, Question())
        assert found.status is SolutionStatus.OPTIMAL, name
        assert found.cvar <= 0.02 + 1e-9, name
        assert found.expected_return_annual <= best + 1e-7, name
        assert found.allocator, name
