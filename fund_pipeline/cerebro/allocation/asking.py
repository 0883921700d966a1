"""Every objective by its name: one question, whichever engine answers it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from fund_pipeline.cerebro.allocation import lp
from fund_pipeline.cerebro.allocation.conflicts import conflicting
from fund_pipeline.cerebro.allocation.ladder import Way
from fund_pipeline.cerebro.allocation.limits import limits_of
from fund_pipeline.cerebro.allocation.model import GREATEST_AMOUNT, Problem
from fund_pipeline.cerebro.allocation.quadratic.result import QuadraticObjective
from fund_pipeline.cerebro.allocation.quadratic.solving import solve_quadratic
from fund_pipeline.cerebro.allocation.solution import Solution, SolutionStatus
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
_ASSUMED = "fully invested"
_UNITS = 1e8
_ROUNDING = 1e-9

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
        for field, value in (("target_return", self.target_return), ("risk_aversion", self.risk_aversion)):
            if value is not None and not abs(value) <= GREATEST_AMOUNT:
                raise InputError(f"{field} is {value}", remedy=f"give a number of at most {GREATEST_AMOUNT:g}")


def optimise(problem: Problem, question: Question, session: Session | None = None) -> Solution:
    """The answer to a question.

    The least risk of all is that of holding nothing. Where neither a target of return, nor a budget, a least weight or
    a limit of turnover makes it invest, least risk is therefore asked of a portfolio that is fully invested: Σw = 1, or
    as much as leverage, margin, clusters and bounds allow, and the notes say so. A CVaR limit holds for each objective.

    Parameters
    ----------
    session : keeps the warmth of the CVaR engine from one question to the next.
    """
    if question.objective in _LEAST_RISK and question.target_return is None and not _is_made_to_invest(problem):
        budget = _fully_invested(problem)
        if budget is None:
            return _asked(problem, question, session)
        answer = _asked(replace(problem, constraints=replace(problem.constraints, budget=budget)), question, session)
        note = f"fully invested (Σw = {budget:g}), for nothing else makes it invest: give a target return or a budget"
        conflicts = tuple(_ASSUMED if name.startswith("budget = ") else name for name in answer.conflicts)
        return replace(answer, notes=(note, *answer.notes), conflicts=conflicts)
    return _asked(problem, question, session)


def _fully_invested(problem: Problem) -> float | None:
    """The greatest Σw of at most 1 that limits of size allow, risk aside; None if they contradict each other."""
    limits = limits_of(problem)
    size = replace(
        limits, expected=np.ones(limits.expected.size), cvar_limit=None, drawdown=None, turnover=None, trade_price=0.0
    )
    most = lp.optimise(replace(size, least_held=None), lp.Aim.MOST_RETURN)
    if most is None:
        return None
    return min(FULLY_INVESTED, math.floor(float(most.weights.sum()) * _UNITS + _ROUNDING) / _UNITS)


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
            return _within_its_limit(problem, question, asked.minimise_cvar(problem, question.target_return))
        case Objective.MAX_RETURN_CVAR:
            return asked.maximise_ratio(problem)
        case _:
            return solve_quadratic(
                problem,
                QuadraticObjective(question.objective.value),
                target_return=question.target_return,
                risk_aversion=question.risk_aversion,
            )


def _within_its_limit(problem: Problem, question: Question, least: Solution) -> Solution:
    """The least CVaR, or which limits forbid it if even that is above the CVaR limit."""
    limit = problem.constraints.cvar_limit
    if least.portfolio is None or limit is None or least.portfolio.cvar <= limit + _ROUNDING:
        return least
    limits = replace(limits_of(problem), target_return=question.target_return)
    return replace(
        least,
        status=SolutionStatus.INFEASIBLE,
        portfolio=None,
        certificate=None,
        conflicts=conflicting(limits),
        notes=(f"the least CVaR there is, {least.portfolio.cvar:.4%}, is above its limit", *least.notes),
    )


def _is_made_to_invest(problem: Problem) -> bool:
    asked = problem.constraints
    floors = asked.min_weight > 0.0 or any(own.lower > 0.0 for own in asked.bounds)
    kept = asked.max_turnover is not None and bool(problem.current_weights.any())
    return asked.budget is not None or floors or kept
