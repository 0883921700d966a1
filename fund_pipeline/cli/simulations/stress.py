"""`fund simulate stress`: what the weights would lose where the sample's averages don't hold."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.problems import Asked, problem_options, read_problem
from fund_pipeline.cli.tables import console, percent, table

if TYPE_CHECKING:
    from fund_pipeline.cerebro.allocation import Problem
    from fund_pipeline.cerebro.model import Floats
    from fund_pipeline.cerebro.simulation import CrisisReplay, Stress


@problem_options
def stress(
    asked: Asked,
    weights: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV: strategy, weight; others 0. Else the optimum's.")
    ] = None,
    shock: Annotated[list[str] | None, typer.Option(help="NAME:A=-0.1,B=0.05: one imagined day; repeat.")] = None,
    as_json: Json = False,
) -> None:
    """Stress weights: named crises, imagined days, correlations at one, and files that are a day off.

    JSON: status, weights{}, beta, days; crises[] of name, first, last, coverage (WHOLE, PARTIAL, ABSENT), days,
    compounded_return, worst_day, worst_date, max_drawdown, missing[], incomplete[], weight_covered; shocks[] of name,
    portfolio_return, contributions{}, unshocked[]; together of cvar, cvar_together, volatility_annual,
    volatility_annual_together; misalignments[] and worst_misalignment of strategy, days, cvar_before, cvar_after;
    breaks[], limits that the weights break; notes, finding. Decimals; CVaR for one day.

    Exit code 0: stressed; 3: no weights are given and the limits contradict each other, and which; 2: wrong input.
    """
    from fund_pipeline.cerebro.allocation import Session
    from fund_pipeline.cerebro.allocation.limits import limits_of
    from fund_pipeline.cerebro.simulation import stress as stressed
    from fund_pipeline.cli.simulations.stress_words import shocks_of, weights_of
    from fund_pipeline.cli.simulations.telling import by_strategy, found_or_exit, plain, show_finding, show_notes

    start()
    posed = read_problem(asked)
    problem, names = posed.problem, posed.problem.scenarios.strategies
    shocks = shocks_of(shock or [], names)
    if weights is None:
        own = found_or_exit(Session().solve(problem), posed.notes, as_json=as_json).weights
    else:
        own = weights_of(weights, names)
    found = stressed(problem, own, posed.history, shocks)
    breaks = [name for name in limits_of(problem).broken_by(own) if weights is not None]
    finding = _finding(found, breaks)
    if as_json:
        values: dict[str, Any] = plain(asdict(found))
        values["crises"] = [one.pop("crisis") | one for one in values["crises"]]
        for told, imagined in zip(values["shocks"], found.shocks, strict=True):
            told["contributions"] = by_strategy(names, imagined.contributions)
        print_json(
            {
                "status": "OPTIMAL" if weights is None else "GIVEN",
                "weights": by_strategy(names, own),
                "beta": problem.constraints.beta,
                "days": len(problem.scenarios.dates),
                **values,
                "breaks": breaks,
                "notes": list(posed.notes),
                "finding": finding,
            }
        )
        return
    show_notes(posed.notes)
    _show(found, problem, own)
    show_finding(finding)


def _show(found: Stress, problem: Problem, own: Floats) -> None:
    terminal = console()
    held = [f"{name} {percent(float(w), 1)}" for name, w in zip(problem.scenarios.strategies, own, strict=True) if w]
    terminal.print(f"stressed: {', '.join(held) or 'cash'}")
    crises = table("Crises", "crisis", "in the data<", "days", "return", "worst day", "on<", "drawdown", "without<")
    for one in found.crises:
        covered = one.coverage.value.lower()
        if one.coverage.value == "PARTIAL":
            covered += f", {percent(one.weight_covered, 0)}"
        crises.add_row(
            one.crisis.name, covered, str(one.days), percent(one.compounded_return), percent(one.worst_day),
            str(one.worst_date or "–"), percent(one.max_drawdown), ", ".join((*one.missing, *one.incomplete)),
        )  # fmt: skip
    terminal.print(crises)
    if found.shocks:
        shocks = table("Imagined days", "shock", "portfolio", "taken not to move<")
        for imagined in found.shocks:
            shocks.add_row(imagined.name, percent(imagined.portfolio_return), ", ".join(imagined.unshocked))
        terminal.print(shocks)
    if found.misalignments:
        shifted = table("A file that is a day off", "strategy", "as it is", "a day late", "a day early")
        for late, early in zip(found.misalignments[::2], found.misalignments[1::2], strict=True):
            figures = (late.cvar_before, late.cvar_after, early.cvar_after)
            shifted.add_row(late.strategy, *(percent(figure, 3) for figure in figures))
        terminal.print(shifted)


def _finding(found: Stress, breaks: list[str]) -> list[str]:
    told = []
    lived = [one for one in found.crises if one.compounded_return is not None]
    if lived:
        worst = min(lived, key=_fall)
        told.append(
            f"Worst crisis in the data: {worst.crisis.name}, {percent(worst.compounded_return)} with a drawdown of "
            f"{percent(worst.max_drawdown)}, its worst day {percent(worst.worst_day)} on {worst.worst_date}."
        )
    absent = [one.crisis.name for one in found.crises if one.coverage.value == "ABSENT"]
    if absent:
        told.append(f"Not in the data, so nothing is known of: {', '.join(absent)}.")
    partial = [one.crisis.name for one in found.crises if one.coverage.value == "PARTIAL"]
    if partial:
        told.append(f"Only in part in the data: {', '.join(partial)}.")
    together = found.together
    told.append(
        f"With all correlations at one CVaR would be {percent(together.cvar_together)} rather than "
        f"{percent(together.cvar)}, and volatility {percent(together.volatility_annual_together)} rather than "
        f"{percent(together.volatility_annual)}."
    )
    off = found.worst_misalignment
    if off is not None and off.cvar_after > off.cvar_before:
        when = "a day late" if off.days > 0 else "a day early"
        told.append(f"If {off.strategy} were dated {when}, CVaR would be {percent(off.cvar_after)}.")
    elif off is not None:
        told.append("No file that is dated a day off would raise CVaR.")
    if breaks:
        told.append(f"The given weights break: {', '.join(breaks)}.")
    return told


def _fall(one: CrisisReplay) -> float:
    return 0.0 if one.compounded_return is None else one.compounded_return
