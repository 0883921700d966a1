"""`fund simulate marginal`: what each strategy adds, or lacks."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.problems import Asked, problem_options, read_problem
from fund_pipeline.cli.tables import console, percent, table

if TYPE_CHECKING:
    from fund_pipeline.cerebro.simulation import Marginal


@problem_options
def marginal(asked: Asked, as_json: Json = False) -> None:
    """Find what would be lost without each strategy that is held, and what each other one lacks to be held.

    JSON: status, expected_return_annual; held[] of strategy, weight, loss (of expected annual return, null if nothing
    meets the limits without it), status, weights_without (those held), conflicts[]; not_held[] of strategy,
    expected_return_annual, needed (the break-even return a year), missing, both null where no return is enough; notes,
    finding. Decimals.

    Exit code 0: an optimum and its parts; 3: the limits contradict each other, and which; 2: wrong input.
    """
    from fund_pipeline.cerebro.allocation import Session
    from fund_pipeline.cerebro.simulation import marginal as parts
    from fund_pipeline.cli.simulations.progress import waiting
    from fund_pipeline.cli.simulations.telling import found_or_exit, held, show_finding, show_notes

    start()
    posed = read_problem(asked)
    session = Session()
    with waiting("marginal", quiet=as_json) as tell:
        found_or_exit(session.solve(posed.problem), posed.notes, as_json=as_json)
        found = parts(posed.problem, session=session, progress=tell)
    finding = _finding(found)
    if as_json:
        print_json(
            {
                "status": "OPTIMAL",
                "expected_return_annual": found.base.expected_return_annual,
                "held": [
                    {
                        "strategy": one.strategy,
                        "weight": one.weight,
                        "loss": one.loss,
                        "status": one.solution.status.value,
                        "weights_without": (
                            held(one.solution.strategies, one.solution.weights) if one.solution.portfolio else {}
                        ),
                        "conflicts": list(one.solution.conflicts),
                    }
                    for one in found.held
                ],
                "not_held": [asdict(one) for one in found.not_held],
                "notes": list(posed.notes),
                "finding": finding,
            }
        )
        return
    show_notes(posed.notes)
    _show(found)
    show_finding(finding)


def _show(found: Marginal) -> None:
    terminal = console()
    shown = table("Held", "strategy", "weight", "return lost without it", "conflicts without it<")
    for one in sorted(found.held, key=lambda one: -(one.loss or 0.0)):
        shown.add_row(one.strategy, percent(one.weight), percent(one.loss, 3), ", ".join(one.solution.conflicts))
    terminal.print(shown)
    if not found.not_held:
        return
    others = table("Not held", "strategy", "return a year", "needed to be held", "missing")
    for other in sorted(found.not_held, key=lambda one: float("inf") if one.missing is None else one.missing):
        others.add_row(
            other.strategy, percent(other.expected_return_annual), percent(other.needed), percent(other.missing)
        )
    terminal.print(others)


def _finding(found: Marginal) -> list[str]:
    told = []
    priced = [(one.loss, one.strategy) for one in found.held if one.loss is not None]
    if priced:
        loss, strategy = max(priced)
        told.append(
            f"{strategy} adds most: without it the return is {100 * loss:.2f} points less of "
            f"{percent(found.base.expected_return_annual)} a year."
        )
    needed = [one.strategy for one in found.held if one.loss is None]
    if needed:
        told.append(f"Without {', '.join(needed)} nothing meets the limits.")
    near = [(one.missing, one.strategy) for one in found.not_held if one.missing is not None]
    if near:
        missing, strategy = min(near)
        told.append(
            f"Nearest to being held is {strategy}, which would have to return {100 * missing:.2f} points a year more."
        )
    never = [one.strategy for one in found.not_held if one.missing is None]
    if never:
        told.append(f"No return would be enough for {', '.join(never)}: a limit forbids it.")
    return told or ["Nothing is held, and nothing lacks a return."]
