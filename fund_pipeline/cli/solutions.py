"""A solution as plain values for a program, and as a table for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fund_pipeline.cerebro.allocation import Problem, Solution
from fund_pipeline.cerebro.contributions import contributions
from fund_pipeline.cli.tables import console, headed, number, percent, table

_FIGURES = (
    "expected_return_annual", "volatility_annual", "sharpe", "cvar", "var", "leverage", "margin", "turnover",
    "trading_cost", "cdar",
)  # fmt: skip


def as_values(problem: Problem, solution: Solution, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The answer as plain values: decimals throughout, CVaR and VaR for one day."""
    found = solution.portfolio
    return {
        "status": solution.status.value,
        "objective": solution.objective,
        "weights": dict(zip(solution.strategies, found.weights.tolist(), strict=True)) if found else {},
        **{name: getattr(found, name) if found else None for name in _FIGURES},
        "beta": problem.constraints.beta,
        "days": len(problem.scenarios.dates),
        "contributions": _contributions(problem, solution),
        "certificate": _certificate(solution),
        "conflicts": list(solution.conflicts),
        "solver": solution.solver,
        "allocator": solution.allocator,
        "fallbacks": list(solution.fallbacks),
        "notes": [*notes, *solution.notes],
    }


def compare_values(problem: Problem, solutions: Sequence[Solution]) -> list[dict[str, Any]]:
    """One line per allocator: its figures, its weights, and how far they are from those of the first."""
    base = solutions[0].portfolio
    lines = []
    for solution in solutions:
        values = as_values(problem, solution)
        line = {name: values[name] for name in ("allocator", "objective", "status", *_FIGURES, "weights", "conflicts")}
        apart = None
        if base is not None and solution.portfolio is not None:
            apart = float(abs(solution.portfolio.weights - base.weights).sum())
        lines.append(line | {"weights_apart": apart})
    return lines


def show(problem: Problem, solution: Solution, values: dict[str, Any]) -> None:
    """Print the weights, what they amount to, what binds and how it was proved."""
    terminal = console()
    for note in values["notes"]:
        terminal.print(f"note: {note}")
    if solution.portfolio is None:
        terminal.print(headed("infeasible", ": no weights meet all limits; these contradict each other:"))
        for conflict in solution.conflicts:
            terminal.print(f"  {conflict}")
        return
    shown = table(
        f"{values['objective']}, {values['days']} days", "strategy", "weight", "return a year", "adds to return",
        "adds to CVaR", "adds to volatility",
    )  # fmt: skip
    parts = values["contributions"]
    for name, weight, expected in zip(solution.strategies, solution.weights, problem.expected_returns, strict=True):
        shown.add_row(
            name, percent(float(weight)), percent(float(expected)), percent(parts["expected_return_annual"][name]),
            percent(parts["cvar"][name], 3), percent(parts["volatility_annual"][name]),
        )  # fmt: skip
    shown.add_section()
    totals = (values["leverage"], None, values["expected_return_annual"])
    shown.add_row(
        "portfolio", *map(percent, totals), percent(values["cvar"], 3), percent(values["volatility_annual"]),
        style="bold",
    )  # fmt: skip
    terminal.print(shown)
    terminal.print(
        f"CVaR {percent(values['cvar'], 3)}, VaR {percent(values['var'], 3)}, "
        f"volatility {percent(values['volatility_annual'])}, Sharpe {number(values['sharpe'])}, "
        f"margin {percent(values['margin'])}, CDaR {percent(values['cdar'])}"
    )
    certificate = values["certificate"]
    for limit in certificate["binding"]:
        terminal.print(f"  binds: {limit['in_words']}")
    if certificate["gap"] is not None:
        terminal.print(f"proven to a relative gap of {certificate['gap']:.1e} by {values['solver']}")
    else:
        terminal.print(f"found by {values['allocator']}, which has no optimum to prove")
    for fallback in values["fallbacks"]:
        terminal.print(f"  fell back: {fallback}")


def show_comparison(lines: Sequence[dict[str, Any]]) -> None:
    """Print the allocators side by side."""
    columns = ("allocator", "return", "volatility", "Sharpe", "CVaR", "CDaR", "Σw", "margin", "weights apart")
    shown = table("Side by side", *columns)
    for line in lines:
        if line["status"] != "OPTIMAL":
            shown.add_row(line["allocator"], f"infeasible: {'; '.join(line['conflicts'])}")
            continue
        shown.add_row(
            line["allocator"], percent(line["expected_return_annual"]), percent(line["volatility_annual"]),
            number(line["sharpe"]), percent(line["cvar"], 3), percent(line["cdar"]), percent(line["leverage"]),
            percent(line["margin"]), percent(line["weights_apart"]),
        )  # fmt: skip
    console().print(shown)
    weights = table("Weights", "strategy", *(line["allocator"] for line in lines))
    for name in next((line["weights"] for line in lines if line["weights"]), {}):
        weights.add_row(name, *(percent(line["weights"].get(name)) for line in lines))
    console().print(weights)


def _contributions(problem: Problem, solution: Solution) -> dict[str, dict[str, float]]:
    if solution.portfolio is None:
        return {}
    parts = contributions(
        problem.scenarios.values, solution.weights, problem.expected_returns, problem.constraints.beta
    )
    kinds = {name: getattr(parts, name) for name in ("expected_return_annual", "cvar", "volatility_annual")}
    return {kind: dict(zip(solution.strategies, amounts.tolist(), strict=True)) for kind, amounts in kinds.items()}


def _certificate(solution: Solution) -> dict[str, Any] | None:
    certificate = solution.certificate
    if certificate is None:
        return None
    return {
        "cvar_recomputed": certificate.cvar_recomputed,
        "bound": certificate.bound,
        "gap": certificate.relative_gap,
        "kkt_residual": certificate.kkt_residual,
        "rounding_cost": certificate.rounding_cost,
        "binding": [asdict(limit) for limit in certificate.binding],
    }
