"""Everything a person wants to know of an optimum, as plain values for the ledger, the UI and the terminal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np

from fund_pipeline.allocations.eligibility import Eligibility
from fund_pipeline.cerebro.allocation import Certificate, Problem, Solution, SolutionStatus, efficient_frontier
from fund_pipeline.cerebro.crises import hidden_crises
from fund_pipeline.cerebro.cvar import cvar, cvar_contributions
from fund_pipeline.cerebro.model import TRADING_DAYS, Floats, ReturnsMatrix

FRONTIER_POINTS = 20


def explain(problem: Problem, solution: Solution, history: ReturnsMatrix, eligibility: Eligibility) -> dict[str, Any]:
    """The record of one optimisation.

    Parameters
    ----------
    history : all returns, beyond the common window too: each strategy's CVaR is also told on its own full history.

    Returns
    -------
    dict with `metrics`, `current` (the active weights measured on the same window, or None), `strategies` (one line
    each, CVaR contributions sum to the portfolio's CVaR), `frontier`, `certificate`, `conflicts` and `excluded`.
    Decimals throughout; CVaR, VaR and their contributions are one-day losses.
    """
    optimal = solution.status is SolutionStatus.OPTIMAL
    return {
        "metrics": _metrics(problem, solution) if optimal else {},
        "current": _current(problem),
        "strategies": _lines(problem, solution.weights, history) if optimal else [],
        "frontier": _frontier(problem) if optimal else [],
        "certificate": _certificate(solution.certificate) if solution.certificate is not None else None,
        "conflicts": list(solution.conflicts),
        "excluded": [asdict(exclusion) for exclusion in eligibility.excluded],
        "solver": solution.solver,
    }


def nothing_to_optimise(eligibility: Eligibility) -> dict[str, Any]:
    """The record of an optimisation in which no strategy takes part."""
    return {
        "metrics": {},
        "current": None,
        "strategies": [],
        "frontier": [],
        "certificate": None,
        "conflicts": ["no strategy takes part"],
        "excluded": [asdict(exclusion) for exclusion in eligibility.excluded],
        "solver": "none",
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


def _current(problem: Problem) -> dict[str, float] | None:
    weights = problem.current_weights
    if not np.any(weights) or not len(problem.scenarios.dates):
        return None
    portfolio = problem.scenarios.values @ weights
    return {
        "expected_return_annual": float(problem.expected_returns @ weights),
        "volatility_annual": float(portfolio.std(ddof=1) * np.sqrt(TRADING_DAYS)),
        "cvar": cvar(portfolio, problem.constraints.beta),
        "leverage": float(weights.sum()),
        "margin": float(problem.margins @ weights),
    }


def _lines(problem: Problem, weights: Floats, history: ReturnsMatrix) -> list[dict[str, Any]]:
    beta = problem.constraints.beta
    window = problem.scenarios
    contributions = cvar_contributions(window.values, weights, beta) if len(window.strategies) else np.zeros(0)
    lines = []
    for i, name in enumerate(window.strategies):
        full = history.values[:, history.strategies.index(name)]
        dates = history.dates[np.isfinite(full)]
        first: date = dates[0].item()
        lines.append(
            {
                "strategy_id": name,
                "weight": float(weights[i]),
                "current_weight": float(problem.current_weights[i]),
                "expected_return_annual": float(problem.expected_returns[i]),
                "return_contribution": float(problem.expected_returns[i] * weights[i]),
                "cvar_window": cvar(window.values[:, i], beta),
                "cvar_full_history": cvar(full[np.isfinite(full)], beta),
                "cvar_contribution": float(contributions[i]),
                "margin_use": float(problem.margins[i]),
                "first_date": str(first),
                "hidden_crises": list(hidden_crises(first)),
            }
        )
    return lines


def _frontier(problem: Problem) -> list[dict[str, float]]:
    return [
        {"cvar": point.cvar, "expected_return_annual": point.expected_return_annual}
        for point in efficient_frontier(problem, points=FRONTIER_POINTS)
    ]
