"""Every objective by its name: one question, whichever engine answers it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from fund_pipeline.cerebro.allocation.ladder import Way
from fund_pipeline.cerebro.allocation.model import Problem
from fund_pipeline.cerebro.allocation.quadratic.result import QuadraticObjective
from fund_pipeline.cerebro.allocation.quadratic.solving import solve_quadratic
from fund_pipeline.cerebro.allocation.solution import Solution
from fund_pipeline.cerebro.allocation.solving import Session
from fund_pipeline.errors import InputError


class Objective(StrEnum):
    """What is asked for."""

    MAX_RETURN = "max-return"
    MIN_CVAR = "min-cvar"
    MAX_RETURN_CVAR = "max-return-cvar"
    MAX_SHARPE = "max-sharpe"
    MIN_VARIANCE = "min-variance"
    MEAN_VARIANCE = "mean-variance"
    RISK_PARITY = "risk-parity"
    HRP = "hrp"


_LEAST_RISK = (Objective.MIN_CVAR, Objective.MIN_VARIANCE)
FULLY_INVESTED = 1.0


@dataclass(frozen=True)
class Question:
    """An objective with what it needs.

    Attributes
    ----------
    target_return : least expected annual return, for min-cvar and min-variance.
    risk_aversion : γ of mean-variance, which maximises return − γ ÷ 2 · variance (both a year).

    Raises
    ------
    InputError : an option that the objective does not take, or lacks.
    """

    objective: Objective = Objective.MAX_RETURN
    target_return: float | None = None
    risk_aversion: float | None = None

    def __post_init__(self) -> None:
        if self.target_return is not None and self.objective not in _LEAST_RISK:
            raise InputError(
                f"target_return is {self.target_return}, but {self.objective.value} takes none",
                remedy=f"ask for {' or '.join(_LEAST_RISK)}, or take the target away",
            )
        if (self.risk_aversion is None) == (self.objective is Objective.MEAN_VARIANCE):
            raise InputError(
                f"risk_aversion is {self.risk_aversion} for {self.objective.value}, expected it for mean-variance only",
                remedy="give mean-variance a positive number, for example 4",
            )


def optimise(problem: Problem, question: Question, session: Session | None = None) -> Solution:
    """The answer to a question.

    The least risk of all is that of holding nothing. Where neither a target of return, nor a budget or a least weight,
    makes it invest, least risk is therefore asked of a portfolio that is fully invested, Σw = 1 (or the greatest
    leverage, if that is less), and the notes say so.

    Parameters
    ----------
    session : keeps the warmth of the CVaR engine from one question to the next.
    """
    objective = question.objective
    if objective in _LEAST_RISK and question.target_return is None and not _is_made_to_invest(problem):
        budget = min(FULLY_INVESTED, problem.constraints.max_leverage)
        invested = replace(problem, constraints=replace(problem.constraints, budget=budget))
        answer = _asked(invested, question, session)
        note = f"fully invested (Σw = {budget:g}), for nothing else makes it invest: give a target return or a budget"
        return replace(answer, notes=(note, *answer.notes))
    return _asked(problem, question, session)


def by_way(first: Way, problem: Problem, question: Question) -> Solution:
    """The same question to the ladder from a later way on; InputError for what no ladder answers."""
    if question.objective not in (Objective.MAX_RETURN, Objective.MIN_CVAR, Objective.MAX_RETURN_CVAR):
        raise InputError(f"{first.value} does not answer {question.objective.value}", remedy="ask for max-return")
    return optimise(problem, question, Session(first))


def _asked(problem: Problem, question: Question, session: Session | None) -> Solution:
    asked = session or Session()
    match question.objective:
        case Objective.MAX_RETURN:
            return asked.solve(problem)
        case Objective.MIN_CVAR:
            return asked.minimise_cvar(problem, question.target_return)
        case Objective.MAX_RETURN_CVAR:
            return asked.maximise_ratio(problem)
        case _:
            return solve_quadratic(
                problem,
                QuadraticObjective(question.objective.value),
                target_return=question.target_return,
                risk_aversion=question.risk_aversion,
            )


def _is_made_to_invest(problem: Problem) -> bool:
    asked = problem.constraints
    floors = asked.min_weight > 0.0 or any(own.lower > 0.0 for own in asked.bounds)
    return asked.budget is not None or floors
