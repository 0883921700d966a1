"""Everything a person wants to know of an optimum, as plain values for the ledger, the UI and the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from fund_pipeline.allocations.changes import changes_since
from fund_pipeline.allocations.pose import Question
from fund_pipeline.allocations.stresses import stress_record
from fund_pipeline.cerebro.allocation import Certificate, Problem, Solution, SolutionStatus, efficient_frontier
from fund_pipeline.cerebro.contributions import contributions
from fund_pipeline.cerebro.crises import hidden_crises
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats
from fund_pipeline.cerebro.simulation import marginal
from fund_pipeline.ledger.model import OptimisationRun

FRONTIER_POINTS = 20


def explain(
    question: Question, problem: Problem, solution: Solution, before: OptimisationRun | None = None
) -> dict[str, Any]:
    """The record of one optimisation.

    Parameters
    ----------
    before : the run behind the active allocation, if there is one.

    Returns
    -------
    dict with `metrics`, `current` (the active weights measured on their own common window, or None), `strategies` (one
    line each, contributions to CVaR, volatility and return sum to the portfolio's; what is sold because it no longer
    takes part has a line too), `frontier`, `certificate`, `stress` (see `stress_record`; also of the current weights,
    if they can be measured), `changes` (see `changes_since`; None without an active allocation), `adds` (what each held
    strategy adds to the return, and the expected return from which each other one would be held) and `conflicts`.
    Decimals throughout; CVaR, VaR and their contributions are one-day losses.
    """
    current = _current(question, problem.constraints.beta)
    if solution.status is not SolutionStatus.OPTIMAL:
        return no_answer(solution.conflicts) | {
            "current": current,
            "solver": solution.solver,
            "fallbacks": list(solution.fallbacks),
        }
    return {
        "metrics": _metrics(problem, solution),
        "current": current,
        "strategies": _lines(question, problem, solution.weights) + _sold(question, problem),
        "frontier": _frontier(problem),
        "stress": _stress(question, problem, solution),
        "changes": changes_since(question, problem, solution, before) if before is not None else None,
        "adds": _adds(problem),
        "certificate": _certificate(solution.certificate) if solution.certificate is not None else None,
        "conflicts": [],
        "solver": solution.solver,
        "fallbacks": list(solution.fallbacks),
    }


def no_answer(conflicts: Sequence[str]) -> dict[str, Any]:
    """The record of an optimisation without an answer: what contradicts what."""
    return {
        "metrics": {},
        "current": None,
        "strategies": [],
        "frontier": [],
        "stress": None,
        "changes": None,
        "adds": [],
        "certificate": None,
        "conflicts": list(conflicts),
        "solver": "none",
        "fallbacks": [],
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return asdict(certificate) | {"binding": [asdict(limit) for limit in certificate.binding]}


def _metrics(problem: Problem, solution: Solution) -> dict[str, float | None]:
    return {
        "expected_return_annual": solution.expected_return_annual,
        "volatility_annual": solution.volatility_annual,
        "sharpe": solution.sharpe,
        "var": solution.var,
        "cvar": solution.cvar,
        "beta": problem.constraints.beta,
        "leverage": solution.leverage,
        "margin": solution.margin,
    }


def _current(question: Question, beta: float) -> dict[str, float | None] | None:
    held = tuple(name for name, weight in question.current.items() if weight)
    if not held:
        return None
    leverage = sum(question.current[name] for name in held)
    if set(held) - set(question.history.strategies):
        return {"expected_return_annual": None, "volatility_annual": None, "cvar": None, "leverage": leverage}
    window = question.history.select(held).common_window()
    portfolio = window.values @ np.array([question.current[name] for name in held])
    return {
        "expected_return_annual": float(portfolio.mean() * TRADING_DAYS),
        "volatility_annual": float(portfolio.std(ddof=1) * np.sqrt(TRADING_DAYS)),
        "cvar": cvar(portfolio, beta),
        "leverage": leverage,
    }


def _lines(question: Question, problem: Problem, weights: Floats) -> list[dict[str, Any]]:
    beta, window, history = problem.constraints.beta, problem.scenarios, question.history
    parts = contributions(window.values, weights, problem.expected_returns, beta)
    lines = []
    for i, name in enumerate(window.strategies):
        full = history.values[:, history.strategies.index(name)]
        dates = history.dates[np.isfinite(full)]
        first, last = dates[0].item(), dates[-1].item()
        lines.append(
            {
                "strategy_id": name,
                "weight": float(weights[i]),
                "current_weight": float(problem.current_weights[i]),
                "expected_return_annual": float(problem.expected_returns[i]),
                "return_contribution": float(parts.expected_return_annual[i]),
                "volatility_contribution": float(parts.volatility_annual[i]),
                "cvar_window": cvar(window.values[:, i], beta),
                "cvar_full_history": cvar(full[np.isfinite(full)], beta),
                "cvar_contribution": float(parts.cvar[i]),
                "margin_use": float(problem.margins[i]),
                "first_date": str(first),
                "last_date": str(last),
                "hidden_crises": list(hidden_crises(first, last)),
            }
        )
    return lines


def _sold(question: Question, problem: Problem) -> list[dict[str, Any]]:
    gone = {name: w for name, w in question.current.items() if w and name not in problem.scenarios.strategies}
    nothing = dict.fromkeys(("weight", "return_contribution", "volatility_contribution", "cvar_contribution"), 0.0)
    unknown = dict.fromkeys(
        ("expected_return_annual", "cvar_window", "cvar_full_history", "margin_use", "first_date", "last_date")
    )
    return [
        {"strategy_id": name, "current_weight": weight, "hidden_crises": []} | nothing | unknown
        for name, weight in sorted(gone.items())
    ]


def _stress(question: Question, problem: Problem, solution: Solution) -> dict[str, Any]:
    names = problem.scenarios.strategies
    held = np.array([question.current.get(name, 0.0) for name in names])
    whole = held.any() and not any(w and name not in names for name, w in question.current.items())
    return {
        "recommended": stress_record(problem, solution.weights, question.history),
        "current": stress_record(problem, held, question.history) if whole else None,
    }


def _adds(problem: Problem) -> list[dict[str, Any]]:
    found = marginal(problem)
    held = [{"strategy_id": one.strategy, "return_lost_without": one.loss} for one in found.held]
    others = [
        {
            "strategy_id": one.strategy,
            "held_from_return": one.needed,
            "expected_return_annual": one.expected_return_annual,
        }
        for one in found.not_held
    ]
    return held + others


def _frontier(problem: Problem) -> list[dict[str, float]]:
    return [
        {"cvar": point.cvar, "expected_return_annual": point.expected_return_annual}
        for point in efficient_frontier(problem, points=FRONTIER_POINTS)
    ]
