"""How a simulation is asked for and how it ends: for a person or a program, with or without an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from fund_pipeline.cli.context import print_json
from fund_pipeline.cli.problems import DEFAULT_CVAR_LIMIT, Asked
from fund_pipeline.cli.tables import console, headed
from fund_pipeline.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    from fund_pipeline.cerebro.allocation import Portfolio, Solution
    from fund_pipeline.cerebro.allocation.asking import Question
    from fund_pipeline.cerebro.model import Floats


def found_or_exit(solution: Solution, notes: Sequence[str], *, as_json: bool) -> Portfolio:
    """The portfolio; or, where the limits contradict each other, which ones, and the end of the command with code 3."""
    if solution.portfolio is None:
        infeasible(solution.conflicts, notes, as_json=as_json)
    return solution.portfolio


def infeasible(conflicts: Sequence[str], notes: Sequence[str], *, as_json: bool) -> NoReturn:
    """Say which limits contradict each other, and end with code 3."""
    if as_json:
        print_json({"status": "INFEASIBLE", "conflicts": list(conflicts), "notes": list(notes)})
    else:
        show_notes(notes)
        terminal = console()
        terminal.print(headed("infeasible", ": no weights meet all limits; these contradict each other:"))
        for conflict in conflicts:
            terminal.print(f"  {conflict}")
    raise typer.Exit(InfeasibleError.exit_code)


def show_notes(notes: Sequence[str]) -> None:
    """Print what was assumed."""
    for note in notes:
        console().print(f"note: {note}")


def show_finding(sentences: Sequence[str]) -> None:
    """Print what it comes to, in words."""
    for sentence in sentences:
        console().print(sentence)


def question_of(objective: str) -> tuple[Question, float | None]:
    """What an objective asks and the CVaR limit that it has if none is given. InputError names what there is."""
    from fund_pipeline.cerebro.allocation.asking import Objective, Question

    possible = [one for one in Objective if one is not Objective.MEAN_VARIANCE]
    if objective not in possible:
        raise InputError(f"--objective is {objective!r}", remedy=f"choose from {', '.join(possible)}")
    limit = DEFAULT_CVAR_LIMIT if objective == Objective.MAX_RETURN else None
    return Question(Objective(objective)), limit


def estimated(asked: Asked, command: str) -> None:
    """InputError where expected returns are given to a command that estimates them again and again."""
    if asked.expected is not None:
        raise InputError(
            f"--expected is {asked.expected}, but {command} estimates expected returns from the days of each choice",
            remedy="leave it out, and choose how by --means sample or --means james-stein",
        )


def by_strategy(names: Sequence[str], figures: Floats) -> dict[str, float]:
    """Figures (N,) by strategy."""
    return dict(zip(names, figures.tolist(), strict=True))


def held(names: Sequence[str], weights: Floats) -> dict[str, float]:
    """The weights that are not 0, by strategy."""
    return {name: weight for name, weight in by_strategy(names, weights).items() if weight}


def plain(value: Any) -> Any:
    """Enums as their values, tuples as lists, all the way down; for values that `asdict` gave."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value
