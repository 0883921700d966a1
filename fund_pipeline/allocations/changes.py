"""What changed since the allocation in force, and why: told from the records of both optimisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fund_pipeline.allocations.pose import Question
from fund_pipeline.cerebro.allocation import Problem, Solution, portfolio_of
from fund_pipeline.ledger.model import OptimisationRun

_MOVED = 1e-6
_WORTH_TELLING = 0.02
"""Relative change of a strategy's figure from which it is told as a reason."""

_FIGURES = {
    "expected_return_annual": "expected return",
    "cvar_window": "own CVaR",
    "margin_use": "margin use",
}


def changes_since(question: Question, problem: Problem, solution: Solution, before: OptimisationRun) -> dict[str, Any]:
    """The changes from the weights in force to the optimum.

    Returns
    -------
    dict with `since` (the run behind the active allocation), `if_kept` (what the active weights amount to on today's
    returns: expected_return_annual, cvar, margin, and which limits they break; None where they hold a strategy that no
    longer takes part), `limits` (name, before, now) and `strategies` (strategy_id, before, now, why: words), the
    greatest change first.
    """
    names = problem.scenarios.strategies
    recommended = dict(zip(names, solution.weights.tolist(), strict=True))
    then = {line["strategy_id"]: line for line in before.result["strategies"]}
    moved = [
        {
            "strategy_id": name,
            "before": question.current.get(name, 0.0),
            "now": recommended.get(name, 0.0),
            "why": _why(question, problem, then.get(name), name),
        }
        for name in sorted(set(recommended) | set(question.current))
        if abs(recommended.get(name, 0.0) - question.current.get(name, 0.0)) > _MOVED
    ]
    limits_then, limits_now = before.inputs["limits"], question.inputs["limits"]
    return {
        "since": before.run_id,
        "if_kept": _if_kept(question, problem),
        "limits": [
            {"name": name, "before": limits_then.get(name), "now": value}
            for name, value in limits_now.items()
            if limits_then.get(name) != value
        ],
        "strategies": sorted(moved, key=lambda one: -abs(one["now"] - one["before"])),
    }


def _if_kept(question: Question, problem: Problem) -> dict[str, Any] | None:
    if any(weight and name not in problem.scenarios.strategies for name, weight in question.current.items()):
        return None
    held = np.array([question.current.get(name, 0.0) for name in problem.scenarios.strategies])
    kept, asked = portfolio_of(problem, held), problem.constraints
    limits = {
        "cvar_limit": (kept.cvar, asked.cvar_limit),
        "margin_cap": (kept.margin, asked.margin_cap),
        "max_leverage": (kept.leverage, asked.max_leverage),
        "max_weight": (float(held.max(initial=0.0)), asked.max_weight),
    }
    broken = [name for name, (found, most) in limits.items() if most is not None and found > most * (1.0 + 1e-12)]
    return {
        "expected_return_annual": kept.expected_return_annual,
        "cvar": kept.cvar,
        "margin": kept.margin,
        "breaks": broken,
    }


def _why(question: Question, problem: Problem, then: Mapping[str, Any] | None, name: str) -> list[str]:
    if name not in problem.scenarios.strategies:
        reasons = {one["strategy_id"]: one["in_words"] for one in question.inputs["excluded"]}
        return [f"takes no part any more: {reasons.get(name, 'it is not among the strategies')}"]
    if then is None or then.get("expected_return_annual") is None:
        return ["took no part before"]
    place = problem.scenarios.strategies.index(name)
    now = {
        "expected_return_annual": float(problem.expected_returns[place]),
        "cvar_window": _own_cvar(problem, place),
        "margin_use": float(problem.margins[place]),
    }
    told = [
        f"{words} {'rose' if now[figure] > then[figure] else 'fell'} from {then[figure]:.2%} to {now[figure]:.2%}"
        for figure, words in _FIGURES.items()
        if abs(now[figure] - then[figure]) > _WORTH_TELLING * max(abs(then[figure]), 1e-4)
    ]
    return told or ["its own figures are about as they were: others, or the limits, made the difference"]


def _own_cvar(problem: Problem, place: int) -> float:
    alone = np.zeros(len(problem.scenarios.strategies))
    alone[place] = 1.0
    return portfolio_of(problem, alone).cvar
