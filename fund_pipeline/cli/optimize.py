"""`fund optimize`: Cerebro's answer to a problem given on the command line. It reads files and writes nothing."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.problems import DEFAULT_CVAR_LIMIT, Asked, problem_options, read_problem

INFEASIBLE_EXIT = 3

OBJECTIVES = (
    "max-return", "min-cvar", "max-return-cvar", "max-sharpe", "min-variance", "mean-variance", "risk-parity", "hrp",
)  # fmt: skip
"""As `Objective` has them; listed here so that --help need not import an optimiser. A test compares the two."""


@problem_options
def optimize(
    asked: Asked,
    objective: Annotated[str, typer.Option(help=f"What is asked for: {', '.join(OBJECTIVES)}.")] = "max-return",
    target_return: Annotated[
        float | None, typer.Option(help="Least return a year, decimal, for min-cvar and min-variance.")
    ] = None,
    risk_aversion: Annotated[float | None, typer.Option(help="γ of mean-variance: return − γ/2 · variance.")] = None,
    allocator: Annotated[str, typer.Option(help="Which way to an answer; any name lists them.")] = "cerebro",
    compare: Annotated[list[str] | None, typer.Option(help="Another allocator, side by side; repeat.")] = None,
    as_json: Json = False,
) -> None:
    """Find the best weights for given returns, with the proof of the optimum. Nothing is stored.

    Exit code 0: an optimum; 3: the limits contradict each other, and which; 2: wrong input.
    """
    from fund_pipeline.cerebro.allocation.allocators import run
    from fund_pipeline.cerebro.allocation.asking import Objective, Question
    from fund_pipeline.cli.solutions import as_values, compare_values, show, show_comparison
    from fund_pipeline.errors import InputError

    start()
    if objective not in set(Objective):
        raise InputError(f"--objective is {objective!r}", remedy=f"choose from {', '.join(Objective)}")
    question = Question(Objective(objective), target_return, risk_aversion)
    limited = question.objective is Objective.MAX_RETURN
    posed = read_problem(asked, DEFAULT_CVAR_LIMIT if limited else None)
    solution = run(allocator, posed.problem, question)
    others = [run(name, posed.problem, question) for name in compare or []]
    values: dict[str, Any] = as_values(posed.problem, solution, posed.notes)
    if others:
        values["compared"] = compare_values(posed.problem, [solution, *others])
    if as_json:
        print_json(values)
    else:
        show(posed.problem, solution, values)
        if others:
            show_comparison(values["compared"])
    raise typer.Exit(0 if solution.portfolio is not None else INFEASIBLE_EXIT)
