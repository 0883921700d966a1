"""`fund simulate frontier`: the most return at each CVaR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.problems import Asked, problem_options, read_problem
from fund_pipeline.cli.simulations.pictures import Picture, check_picture
from fund_pipeline.cli.tables import console, percent, table

if TYPE_CHECKING:
    from fund_pipeline.cerebro.allocation import FrontierPoint, Portfolio

_SHOWN = 3


@problem_options
def frontier(
    asked: Asked,
    points: Annotated[int, typer.Option(min=2, help="How many portfolios.")] = 20,
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Find the efficient frontier: the most return at each CVaR. The limit of CVaR is only marked on it.

    JSON: status, beta, days, points[] of cvar, expected_return_annual, weights (those held), solver and fallbacks, from
    the least CVaR; at_limit, the optimum at the CVaR limit (cvar_limit, cvar, expected_return_annual, weights), null if
    nothing meets it; notes, finding. Decimals; CVaR for one day.

    Exit code 0: a frontier; 3: the other limits contradict each other, and which; 2: wrong input.
    """
    from fund_pipeline.cerebro.allocation import Session
    from fund_pipeline.cli.simulations.progress import waiting
    from fund_pipeline.cli.simulations.telling import found_or_exit, held, show_finding, show_notes

    start()
    check_picture(picture)
    posed = read_problem(asked)
    problem, session = posed.problem, Session()
    with waiting("efficient frontier", quiet=as_json):
        unlimited = replace(problem, constraints=replace(problem.constraints, cvar_limit=None))
        found_or_exit(session.solve(unlimited), posed.notes, as_json=as_json)
        limited = session.solve(problem).portfolio
        found = session.efficient_frontier(problem, points)
    names, limit = problem.scenarios.strategies, problem.constraints.cvar_limit
    finding = _finding(found, limit, limited)
    if picture is not None:
        _draw(found, limit, limited, finding, picture)
    if as_json:
        at_limit: dict[str, Any] | None = None
        if limited is not None:
            at_limit = {
                "cvar_limit": limit,
                "cvar": limited.cvar,
                "expected_return_annual": limited.expected_return_annual,
                "weights": held(names, limited.weights),
            }
        print_json(
            {
                "status": "OPTIMAL",
                "beta": problem.constraints.beta,
                "days": len(problem.scenarios.dates),
                "points": [
                    {
                        "cvar": point.cvar,
                        "expected_return_annual": point.expected_return_annual,
                        "weights": held(names, point.weights),
                        "solver": point.solver,
                        "fallbacks": list(point.fallbacks),
                    }
                    for point in found
                ],
                "at_limit": at_limit,
                "notes": list(posed.notes),
                "finding": finding,
            }
        )
        return
    show_notes(posed.notes)
    days = len(problem.scenarios.dates)
    shown = table(f"Efficient frontier, {days} days", "CVaR", "return a year", "Σw", "held", "largest weights<")
    for point in found:
        largest = sorted(held(names, point.weights).items(), key=lambda one: -one[1])
        words = ", ".join(f"{name} {percent(weight, 1)}" for name, weight in largest[:_SHOWN])
        shown.add_row(
            percent(point.cvar, 3), percent(point.expected_return_annual), percent(float(point.weights.sum())),
            str(len(largest)), words,
        )  # fmt: skip
    console().print(shown)
    show_finding(finding)


def _finding(found: Sequence[FrontierPoint], limit: float | None, limited: Portfolio | None) -> list[str]:
    top = found[-1]
    told = [
        f"The most return there is at any risk is {percent(top.expected_return_annual)} a year, "
        f"at a CVaR of {percent(top.cvar)}."
    ]
    if limited is None:
        told.append(f"No portfolio meets a CVaR limit of {percent(limit)}: the least is {percent(found[0].cvar)}.")
    elif limit is not None and limit < top.cvar:
        share = limited.expected_return_annual / top.expected_return_annual if top.expected_return_annual > 0 else None
        of_it = "" if share is None else f", {percent(share, 0)} of it"
        told.append(
            f"At the CVaR limit of {percent(limit)} it is {percent(limited.expected_return_annual)} a year{of_it}."
        )
    else:
        told.append(f"The CVaR limit of {percent(limit)} does not hold it back.")
    return told


def _draw(
    found: Sequence[FrontierPoint], limit: float | None, limited: Portfolio | None, finding: list[str], path: Path
) -> None:
    from fund_pipeline.cli.simulations.pictures import BLUE, GREY, ORANGE, label, new_figure, save

    figure = new_figure(8, 5)
    axes = figure.add_subplot()
    across = [100 * point.cvar for point in found]
    up = [100 * point.expected_return_annual for point in found]
    axes.plot(across, up, marker=".", color=BLUE, label="most return at each CVaR")
    if limit is not None:
        axes.axvline(100 * limit, linestyle="--", color=GREY, label=f"CVaR limit {percent(limit)}")
    if limited is not None:
        point = (100 * limited.cvar, 100 * limited.expected_return_annual)
        axes.plot(*point, "D", color=ORANGE, markersize=9, label=f"optimum, {percent(limited.expected_return_annual)}")
    label(axes, "Efficient frontier", "one-day CVaR, % of equity", "expected return a year, %")
    axes.legend()
    save(figure, path, "Efficient frontier", " ".join(finding))
