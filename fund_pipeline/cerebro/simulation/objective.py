"""What an allocation is asked for: by default the most return, net of trades."""

from __future__ import annotations

from collections.abc import Callable

from fund_pipeline.cerebro.allocation import Problem, Session, Solution

Choose = Callable[[Session, Problem], Solution]
"""How weights are chosen."""


def most_return(session: Session, problem: Problem) -> Solution:
    """What the session solves by itself: the most return within the limits."""
    return session.solve(problem)


def net_return(solution: Solution) -> float:
    """Expected annual return of the solution's weights, net of the price of the trades to them; a decimal.

    Raises
    ------
    InfeasibleError : the solution has no weights.
    """
    found = solution.found()
    return found.expected_return_annual - found.trading_cost
