"""`fund optimize`: Cerebro's answer to a problem given on the command line. It reads files and writes nothing."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.tables import console, number, percent, table
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from fund_pipeline.cerebro.allocation import Problem, Solution
    from fund_pipeline.cerebro.model import ReturnsMatrix

INFEASIBLE_EXIT = 3


class Objective(StrEnum):
    """What is asked for."""

    MAX_RETURN = "max-return"
    MIN_CVAR = "min-cvar"


def optimize(
    returns: Annotated[Path | None, typer.Option(help="Wide CSV: date, then decimal daily returns.")] = None,
    backtests: Annotated[Path | None, typer.Option(help="Folder of backtest files instead.")] = None,
    objective: Annotated[Objective, typer.Option(help="What is asked for.")] = Objective.MAX_RETURN,
    target_return: Annotated[float | None, typer.Option(help="Least return a year, decimal, for min-cvar.")] = None,
    cvar_limit: Annotated[float, typer.Option(help="Greatest one-day CVaR, for max-return.")] = 0.01,
    beta: Annotated[float, typer.Option(help="Confidence of VaR and CVaR.")] = 0.95,
    max_weight: Annotated[float, typer.Option(help="Greatest weight of one strategy.")] = 0.5,
    leverage: Annotated[float, typer.Option(help="Greatest sum of weights.")] = 2.0,
    margin_cap: Annotated[float | None, typer.Option(help="Greatest sum of margin; needs margins.")] = None,
    margins: Annotated[Path | None, typer.Option(help="CSV: strategy, margin ÷ allocated capital.")] = None,
    as_json: Json = False,
) -> None:
    """Find the best weights for given returns, with the proof of the optimum. Nothing is stored.

    Exit code 0: an optimum; 3: the limits contradict each other, and which; 2: wrong input.
    """
    start()
    if (returns is None) == (backtests is None):
        raise InputError("give either --returns or --backtests", remedy="see `fund optimize --help`")
    matrix, known_margins = _read(returns, backtests, margins)
    if margin_cap is not None and known_margins is None:
        raise InputError("--margin-cap needs to know margins", remedy="add --margins FILE, or take the cap away")
    problem = _problem(
        matrix, known_margins, beta, cvar_limit, max_weight, leverage, margin_cap if known_margins is not None else None
    )
    solution = _solve(problem, objective, target_return)
    values = as_values(problem, solution, objective)
    if as_json:
        print_json(values)
    else:
        _show(problem, solution, values)
    raise typer.Exit(0 if solution.portfolio is not None else INFEASIBLE_EXIT)


def _read(
    returns: Path | None, backtests: Path | None, margins: Path | None
) -> tuple[ReturnsMatrix, np.ndarray[Any, Any] | None]:
    from fund_pipeline.backtests.wide import read_margins, read_wide_returns

    if returns is not None:
        matrix = read_wide_returns(returns)
        return matrix, read_margins(margins, matrix.strategies) if margins else None
    from fund_pipeline.backtests.folder import read_folder_returns
    from fund_pipeline.clock import today_in
    from fund_pipeline.settings import load_settings

    settings = load_settings()
    if backtests is None:
        raise InputError("give either --returns or --backtests", remedy="see `fund optimize --help`")
    matrix, own = read_folder_returns(backtests, settings.calendar, today_in(settings.time_zone))
    return matrix, read_margins(margins, matrix.strategies) if margins else own


def _problem(
    matrix: ReturnsMatrix,
    margins: np.ndarray[Any, Any] | None,
    beta: float,
    cvar_limit: float,
    max_weight: float,
    leverage: float,
    margin_cap: float | None,
) -> Problem:
    import numpy as np

    from fund_pipeline.cerebro.allocation import Constraints, Problem
    from fund_pipeline.cerebro.model import TRADING_DAYS

    window = matrix.common_window()
    if not len(window.dates):
        raise InputError("the strategies share no day", remedy="leave out the one with the shortest history")
    nothing = np.zeros(len(window.strategies))
    return Problem(
        scenarios=window,
        expected_returns=window.values.mean(axis=0) * TRADING_DAYS,
        margins=nothing if margins is None else margins,
        current_weights=nothing,
        constraints=Constraints(
            beta=beta, cvar_limit=cvar_limit, max_leverage=leverage, max_weight=max_weight, margin_cap=margin_cap
        ),
    )


def _solve(problem: Problem, objective: Objective, target_return: float | None) -> Solution:
    from fund_pipeline.cerebro.allocation import minimise_cvar, solve

    if objective is Objective.MAX_RETURN:
        return solve(problem)
    if target_return is None:
        raise InputError("min-cvar needs a target", remedy="add --target-return 0.05, for five percent a year")
    return minimise_cvar(problem, target_return)


def as_values(problem: Problem, solution: Solution, objective: Objective) -> dict[str, Any]:
    """The answer as plain values: decimals throughout, CVaR and VaR for one day."""
    found, certificate = solution.portfolio, solution.certificate
    figures = ("expected_return_annual", "volatility_annual", "sharpe", "cvar", "var", "leverage", "margin")
    return {
        "status": solution.status.value,
        "objective": objective.value,
        "weights": dict(zip(solution.strategies, found.weights.tolist(), strict=True)) if found else {},
        **{name: getattr(found, name) if found else None for name in figures},
        "beta": problem.constraints.beta,
        "days": len(problem.scenarios.dates),
        "certificate": None
        if certificate is None
        else {
            "cvar_recomputed": certificate.cvar_recomputed,
            "bound": certificate.bound,
            "gap": certificate.relative_gap,
            "binding": [asdict(limit) for limit in certificate.binding],
        },
        "conflicts": list(solution.conflicts),
        "solver": solution.solver,
        "fallbacks": list(solution.fallbacks),
    }


def _show(problem: Problem, solution: Solution, values: dict[str, Any]) -> None:
    terminal = console()
    if solution.portfolio is None:
        terminal.print("[bold]infeasible[/bold]: no weights meet all limits; these contradict each other:")
        for conflict in solution.conflicts:
            terminal.print(f"  {conflict}")
        return
    shown = table(f"{values['objective']}, {values['days']} days", "strategy", "weight", "return a year")
    for name, weight, expected in zip(solution.strategies, solution.weights, problem.expected_returns, strict=True):
        shown.add_row(name, percent(float(weight)), percent(float(expected)))
    shown.add_section()
    shown.add_row("portfolio", percent(values["leverage"]), percent(values["expected_return_annual"]), style="bold")
    terminal.print(shown)
    terminal.print(
        f"CVaR {percent(values['cvar'], 3)}, VaR {percent(values['var'], 3)}, volatility "
        f"{percent(values['volatility_annual'])}, Sharpe {number(values['sharpe'])}, margin {percent(values['margin'])}"
    )
    for limit in values["certificate"]["binding"]:
        terminal.print(f"  binds: {limit['in_words']}")
    terminal.print(f"proven to a relative gap of {values['certificate']['gap']:.1e} by {values['solver']}")
    for fallback in values["fallbacks"]:
        terminal.print(f"  fell back: {fallback}")
