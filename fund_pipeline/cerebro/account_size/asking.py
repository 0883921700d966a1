"""The three questions about whole units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from fund_pipeline.cerebro.account_size.best import MostReturn
from fund_pipeline.cerebro.account_size.least import LeastCapital
from fund_pipeline.cerebro.account_size.model import AccountSize, AccountStatus, Unit, WholeUnits
from fund_pipeline.cerebro.account_size.terms import MOST_CANDIDATES, Terms, in_units, terms_of
from fund_pipeline.cerebro.allocation import Problem, Session, Solution, SolutionStatus
from fund_pipeline.cerebro.allocation.fast.tail import BASIS_POINTS
from fund_pipeline.cerebro.allocation.whole.relaxation import SOLVER
from fund_pipeline.errors import InputError

MOST_PARTS = 50_000
_LEAST_SCALE = 1e-4


def minimum_account(
    problem: Problem,
    units: Mapping[str, Unit],
    *,
    delta: float = 0.05,
    gap: float = 1e-4,
    candidates: int = MOST_CANDIDATES,
    most_parts: int = MOST_PARTS,
) -> AccountSize:
    """The least capital at which whole units keep every limit and the return of the continuous optimum but for delta.

    min A over whole counts n of lot steps s: every limit of the problem as a share of A, with weights n·s ÷ A, and
    expected return ≥ (1 − delta) of the optimum over all strategies at weights of any size. A larger account need not
    do as well: counts that fit one capital do not fit the next. `best_at` answers for a capital that is given.

    Parameters
    ----------
    units : of every strategy in the problem, by id.
    delta : share of the optimum's return that may be given up, in [0, 1). At 0 there may be no answer.
    gap : relative distance from the proven bound at which the search ends.
    candidates : most strategies that may be held: those of the continuous optimum (all of them, however many), then
        those next best at its prices. The bound is a bound among the candidates.
    most_parts : parts after which the search stops; the gap then says how far the proof came.

    Returns
    -------
    Capital in whole cents; all figures recomputed from scenarios and units, all limits met without tolerance.

    Raises
    ------
    InputError : a strategy without a unit, a budget, delta or gap out of range. InvariantError : a solver failed.
    """
    if not 0.0 <= delta < 1.0:
        raise InputError(f"delta is {delta}, expected a share of the return between 0 and less than 1")
    terms, optimum = _terms(problem, units, gap, candidates)
    if terms is None:
        return _no_account(problem, AccountStatus.INFEASIBLE, delta, optimum.conflicts)
    if not optimum.weights.any():
        return _no_account(problem, AccountStatus.CASH, delta, ())
    floor = terms.continuous_return - delta * abs(terms.continuous_return)
    question = LeastCapital(terms, floor)
    proof = question.search(gap, most_parts)
    found = question.counts is not None
    bound = proof.bound * question.scale
    holding = terms.holding(question.counts, question.capital, floor) if question.counts is not None else None
    return AccountSize(
        status=AccountStatus.FOUND if found else AccountStatus.NONE_FOUND,
        strategies=terms.strategies,
        holding=holding,
        lower_bound=bound,
        relative_gap=max(0.0, 1.0 - bound / float(question.capital)) if found else math.inf,
        candidates=terms.candidates,
        continuous_return=terms.continuous_return,
        delta=delta,
        conflicts=(),
        parts=proof.parts,
        solver=SOLVER,
    )


def best_at(
    problem: Problem,
    units: Mapping[str, Unit],
    capital: Decimal,
    *,
    delta: float = 0.05,
    gap: float = 1e-4,
    candidates: int = MOST_CANDIDATES,
    most_parts: int = MOST_PARTS,
) -> WholeUnits:
    """The greatest expected return in whole units at a capital, within all limits; no units, cash, is an answer too.

    Whether the return keeps (1 − delta) of the continuous optimum's is not monotone in the capital: units that divide
    one account well may not divide a larger one. So this asks for the capital itself, not whether the least is less.

    Parameters
    ----------
    capital : in the fund's currency, > 0.
    units, delta, gap, candidates, most_parts : as for `minimum_account`; the gap is of the return.

    Raises
    ------
    InputError, InvariantError : as for `minimum_account`, and for a capital that is not above 0.
    """
    if not (capital.is_finite() and capital > 0):
        raise InputError(f"capital is {capital}, expected an amount above 0")
    if not 0.0 <= delta < 1.0:
        raise InputError(f"delta is {delta}, expected a share of the return between 0 and less than 1")
    terms, optimum = _terms(problem, units, gap, candidates)
    if terms is None:
        return _no_units(problem, delta, optimum.conflicts)
    floor = terms.continuous_return - delta * abs(terms.continuous_return)
    question = MostReturn(terms, capital)
    proof = question.search(gap, most_parts)
    bound = -proof.bound / BASIS_POINTS
    holding = terms.holding(question.counts, capital, floor) if question.counts is not None else None
    status = AccountStatus.NONE_FOUND
    if holding is not None:
        status = AccountStatus.FOUND if any(holding.units) else AccountStatus.CASH
    reached = holding.expected_return_annual if holding else -math.inf
    return WholeUnits(
        status=status,
        strategies=terms.strategies,
        holding=holding,
        upper_bound=bound,
        relative_gap=max(0.0, bound - reached) / max(abs(bound), _LEAST_SCALE) if holding else math.inf,
        keeps=reached >= floor,
        candidates=terms.candidates,
        continuous_return=terms.continuous_return,
        delta=delta,
        conflicts=(),
        parts=proof.parts,
        solver=SOLVER,
    )


def account_curve(
    problem: Problem, units: Mapping[str, Unit], capitals: Sequence[Decimal], *, delta: float = 0.05, gap: float = 1e-4
) -> tuple[WholeUnits, ...]:
    """`best_at` for each capital, in the order given; each stands for itself."""
    return tuple(best_at(problem, units, capital, delta=delta, gap=gap) for capital in capitals)


def _terms(problem: Problem, units: Mapping[str, Unit], gap: float, candidates: int) -> tuple[Terms | None, Solution]:
    if not 0.0 < gap < 1.0:
        raise InputError(f"gap is {gap}, expected a share between 0 and 1")
    asked = in_units(problem, units)
    optimum = Session().solve(asked)
    if optimum.status is SolutionStatus.INFEASIBLE:
        return None, optimum
    return terms_of(asked, units, optimum, candidates), optimum


def _no_account(problem: Problem, status: AccountStatus, delta: float, conflicts: tuple[str, ...]) -> AccountSize:
    return AccountSize(
        status=status,
        strategies=problem.scenarios.strategies,
        holding=None,
        lower_bound=0.0 if status is AccountStatus.CASH else math.inf,
        relative_gap=0.0,
        candidates=(),
        continuous_return=0.0,
        delta=delta,
        conflicts=conflicts,
        parts=0,
        solver=SOLVER,
    )


def _no_units(problem: Problem, delta: float, conflicts: tuple[str, ...]) -> WholeUnits:
    return WholeUnits(
        status=AccountStatus.INFEASIBLE,
        strategies=problem.scenarios.strategies,
        holding=None,
        upper_bound=-math.inf,
        relative_gap=0.0,
        keeps=False,
        candidates=(),
        continuous_return=0.0,
        delta=delta,
        conflicts=conflicts,
        parts=0,
        solver=SOLVER,
    )
