"""`fund account-size`: how small an account may be, and what would fit into a larger one. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.problems import Asked, Posed, problem_options, read_problem
from fund_pipeline.cli.simulations.pictures import Picture, check_picture
from fund_pipeline.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    from fund_pipeline.cerebro.account_size import Unit
    from fund_pipeline.cerebro.allocation import Problem


@problem_options
def account_size(
    asked: Asked,
    units: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV: strategy, unit_notional, and if known margin_per_unit, lot_step."),
    ] = None,
    from_registry: Annotated[
        bool, typer.Option("--from-registry", help="Take units from the registry of strategies instead.")
    ] = False,
    capital: Annotated[list[str] | None, typer.Option(help="What would fit into this capital; repeat.")] = None,
    delta: Annotated[float, typer.Option(help="Share of the optimum's return that may be given up.")] = 0.05,
    gap: Annotated[float, typer.Option(help="Relative gap to which the answer is proven.")] = 1e-4,
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Find the least capital at which whole units keep every limit and nearly all of the optimum's return.

    JSON: status (FOUND, CASH, INFEASIBLE, NONE_FOUND), capital, delta, continuous_return, lower_bound, relative_gap,
    candidates[], conflicts[], parts, solver; holding, the best at the least capital, of capital, units{} and weights{}
    (those held), leftover, expected_return_annual, return_kept, cvar, margin, leverage, binding[], or null; at[], for
    each --capital: capital, status, keeps, upper_bound, relative_gap, holding, conflicts[], parts; notes, finding.
    Money and units are decimal strings, in the currency of the units; shares are decimals; what is unbounded is null.

    Exit code 0: an account; 3: the limits contradict each other, and which, or no whole units meet them; 2: wrong
    input.
    """
    from fund_pipeline.cerebro.account_size import AccountStatus, best_at, minimum_account
    from fund_pipeline.cli.account_sizes import as_values, draw, finding_of, show
    from fund_pipeline.cli.simulations.progress import waiting
    from fund_pipeline.cli.unit_files import units_in, units_in_registry

    settings = start()
    check_picture(picture)
    if (units is None) != from_registry:
        raise InputError("give either --units or --from-registry", remedy="add --units FILE.csv")
    capitals = [_amount(text) for text in capital or []]
    posed = read_problem(asked)
    names = posed.problem.scenarios.strategies
    own = units_in(units, names) if units is not None else units_in_registry(settings, names)
    problem, notes = _with_margin_cap(posed, asked.margin_cap, own)
    with waiting("account size", quiet=as_json) as tell:
        least = minimum_account(problem, own, delta=delta, gap=gap)
        if least.holding is not None:
            # The least capital asks only that enough is kept; a person wants the most that it can keep.
            there = best_at(problem, own, least.holding.capital, delta=delta, gap=gap).holding
            if there is not None and there.return_kept > least.holding.return_kept:
                least = replace(least, holding=there)
        fits = []
        for done, one in enumerate(capitals, start=1):
            fits.append(best_at(problem, own, one, delta=delta, gap=gap))
            tell(done, len(capitals))
    finding = finding_of(least, capitals, fits, gap)
    if picture is not None and least.capital:
        with waiting("curve", quiet=as_json) as tell:
            draw(problem, own, least, capitals, gap, finding, picture, tell)
    elif picture is not None:
        finding.append(f"There is no account, so no curve was drawn into {picture}.")
    if as_json:
        print_json(as_values(least, capitals, fits) | {"notes": notes, "finding": finding})
    else:
        show(least, capitals, fits, notes, finding)
    if least.status in (AccountStatus.INFEASIBLE, AccountStatus.NONE_FOUND):
        raise typer.Exit(InfeasibleError.exit_code)


def _with_margin_cap(posed: Posed, cap: float | None, units: Mapping[str, Unit]) -> tuple[Problem, list[str]]:
    """The problem, its margin cap kept where only the units know margins, and the notes that are then left.

    InputError where they know some: the others' would count as 0 against the cap.
    """
    problem = posed.problem
    known = [name for name in problem.scenarios.strategies if units[name].margin is not None]
    if cap is None or problem.constraints.margin_cap is not None or not known:
        return problem, list(posed.notes)
    unknown = [name for name in problem.scenarios.strategies if name not in known]
    if unknown:
        raise InputError(
            f"--margin-cap is {cap:g}, but no margin is known of {', '.join(unknown)}",
            remedy="give margin_per_unit of every unit, or --margins FILE",
        )
    # The first note says that the cap is not applied.
    return replace(problem, constraints=replace(problem.constraints, margin_cap=cap)), list(posed.notes[1:])


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        raise InputError(f"--capital {text!r} is no number", remedy="write it as 1000000") from None
    if not (amount.is_finite() and amount > 0):
        raise InputError(f"--capital is {text}, expected an amount above 0", remedy="write it as 1000000")
    return amount
