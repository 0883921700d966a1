"""`fund simulate sensitivity`: what would be if a limit or an expected return were a little different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.problems import Asked, problem_options, read_problem
from fund_pipeline.cli.tables import console, percent, table

if TYPE_CHECKING:
    from fund_pipeline.cerebro.simulation import Move, Sensitivity


@problem_options
def sensitivity(
    asked: Asked,
    relative: Annotated[float, typer.Option(help="Share of itself by which each number is moved.")] = 0.05,
    as_json: Json = False,
) -> None:
    """Move every limit and every expected return down and up a little, and optimise again.

    JSON: status, relative, weights{}, net_return_annual (of the optimum, net of the price of trades); limits[] and
    means[] of kind, name, before, after, status, objective, change, predicted_change, largest_weight_change and
    conflicts[]; notes, finding. Decimals.

    Exit code 0: an optimum and its moves; 3: the limits contradict each other, and which; 2: wrong input.
    """
    from fund_pipeline.cerebro.allocation import Session
    from fund_pipeline.cerebro.simulation import sensitivity as moved
    from fund_pipeline.cli.simulations.progress import waiting
    from fund_pipeline.cli.simulations.telling import by_strategy, found_or_exit, plain, show_finding, show_notes

    start()
    posed = read_problem(asked)
    session = Session()
    with waiting("sensitivity", quiet=as_json):
        optimum = found_or_exit(session.solve(posed.problem), posed.notes, as_json=as_json)
        found = moved(posed.problem, relative=relative, session=session)
    finding = _finding(found, relative)
    if as_json:
        print_json(
            {
                "status": "OPTIMAL",
                "relative": relative,
                "weights": by_strategy(found.base.strategies, optimum.weights),
                "net_return_annual": found.objective,
                "limits": [plain(asdict(move)) for move in found.limits],
                "means": [plain(asdict(move)) for move in found.means],
                "notes": list(posed.notes),
                "finding": finding,
            }
        )
        return
    show_notes(posed.notes)
    _show("Limits", found.limits)
    _show("Expected returns", found.means)
    show_finding(finding)


def _show(title: str, moves: Sequence[Move]) -> None:
    shown = table(
        title, "what", "from", "to", "return changes", "as priced", "largest change of a weight", "conflicts<"
    )
    for move in moves:
        shown.add_row(
            move.name, percent(move.before), percent(move.after), percent(move.change, 3),
            percent(move.predicted_change, 3), percent(move.largest_weight_change), ", ".join(move.conflicts),
        )  # fmt: skip
    console().print(shown)


def _finding(found: Sensitivity, relative: float) -> list[str]:
    told = [f"The optimum's return is {percent(found.objective)} a year."]
    for moves, what in ((found.limits, "limits"), (found.means, "expected returns")):
        possible = [move for move in moves if move.change is not None]
        if not possible:
            continue
        most = max(possible, key=lambda move: abs(move.change or 0.0))
        way = "more" if most.after > most.before else "less"
        if most.change:
            does = "adds" if most.change > 0.0 else "takes"
            told.append(
                f"Of the {what} {most.name} matters most: {percent(relative, 1)} {way} {does} "
                f"{abs(100 * most.change):.2f} points."
            )
    moving = [move for move in found.means if move.largest_weight_change is not None]
    if moving:
        most = max(moving, key=lambda move: move.largest_weight_change or 0.0)
        told.append(
            f"With another expected return of {most.name} a weight moves by up to "
            f"{percent(most.largest_weight_change)}."
        )
    against = [f"{move.name} {move.after:g}" for move in (*found.limits, *found.means) if move.conflicts]
    if against:
        told.append(f"Nothing meets all limits with: {', '.join(against)}.")
    return told
